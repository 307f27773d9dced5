#include "event/json_scan.h"

#include <algorithm>

namespace gasoline::event {
namespace {

void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
}

/// Takes a JSON string with its quotes. False if it does not end.
bool take_string(std::string_view& text, std::string_view& string) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      string = text.substr(0, i + 1);
      text.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

/// Takes any JSON value, looking only at its structure.
bool take_value(std::string_view& text, std::string_view& value) {
  const std::string_view start = text;
  int depth = 0;
  do {
    skip_spaces(text);
    if (text.empty()) return false;
    const char c = text.front();
    std::string_view ignored;
    if (c == '"') {
      if (!take_string(text, ignored)) return false;
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    if (depth < 0) return false;
    const bool is_structural = std::string_view("{}[],:").find(c) != std::string_view::npos;
    const size_t end =
        is_structural ? 1 : std::min(text.find_first_of("{}[],:\" \t\r\n"), text.size());
    text.remove_prefix(end);
  } while (depth > 0);
  value = start.substr(0, start.size() - text.size());
  return true;
}

}  // namespace

std::optional<std::string_view> find_member(std::string_view json, std::string_view name) {
  skip_spaces(json);
  if (json.empty() || json.front() != '{') return std::nullopt;
  json.remove_prefix(1);
  while (true) {
    skip_spaces(json);
    std::string_view key;
    std::string_view value;
    if (json.empty() || json.front() != '"' || !take_string(json, key)) return std::nullopt;
    skip_spaces(json);
    if (json.empty() || json.front() != ':') return std::nullopt;
    json.remove_prefix(1);
    skip_spaces(json);
    if (!take_value(json, value)) return std::nullopt;
    if (key.substr(1, key.size() - 2) == name) return value;
    skip_spaces(json);
    if (json.empty() || json.front() != ',') return std::nullopt;
    json.remove_prefix(1);
  }
}

}  // namespace gasoline::event
