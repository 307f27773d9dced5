#include "http/target.h"

#include <utility>

namespace gasoline::http {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Takes the text up to `separator`, or all of it, off the front of `from`.
std::string_view take_until(std::string_view& from, char separator) {
  const size_t at = from.find(separator);
  const std::string_view part = from.substr(0, at);
  from.remove_prefix(at == std::string_view::npos ? from.size() : at + 1);
  return part;
}

bool parse_query(std::string_view text, std::vector<Header>& query) {
  while (!text.empty()) {
    std::string_view pair = take_until(text, '&');
    if (pair.empty()) continue;
    if (query.size() == kQueryParametersMax) return false;
    Header& parameter = query.emplace_back();
    const std::string_view name = take_until(pair, '=');
    if (!append_percent_decoded(parameter.name, name, true)) return false;
    if (!append_percent_decoded(parameter.value, pair, true)) return false;
  }
  return true;
}

}  // namespace

bool append_percent_decoded(std::string& to, std::string_view text, bool plus_is_space) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      to += ' ';
    } else if (text[i] != '%') {
      to += text[i];
    } else {
      if (text.size() - i < 3) return false;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      to += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return true;
}

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  if (text == "*") {
    target.path = "*";
    return target;
  }
  constexpr std::string_view kScheme = "http://";
  if (equals_ignoring_case(text.substr(0, kScheme.size()), kScheme)) {
    text.remove_prefix(kScheme.size());
    const size_t end = text.find_first_of("/?");
    target.authority = text.substr(0, end);
    if (target.authority.empty()) return std::nullopt;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
    if (text.empty() || text.front() == '?') target.path = "/";
  } else if (text.empty() || text.front() != '/') {
    return std::nullopt;
  }
  const std::string_view path = take_until(text, '?');
  if (!append_percent_decoded(target.path, path, false)) return std::nullopt;
  if (target.path.find('\0') != std::string::npos) return std::nullopt;
  if (!parse_query(text, target.query)) return std::nullopt;
  return target;
}

}  // namespace gasoline::http
