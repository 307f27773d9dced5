#include "understand/escapes.h"

#include <algorithm>

#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr size_t kColourSizeMax = 32;

int hex_value(char c) {
  if (is(c, kDigit)) return c - '0';
  return is(c, kHexDigit) ? to_lower(c) - 'a' + 10 : -1;
}

/// One escape of ASCII: \u0041 and \x41.
struct Escape {
  size_t size = 0;  ///< 0: none
  char value = 0;
};

Escape read_escape(std::string_view text) {
  const bool is_long = text.starts_with("\\u00") || text.starts_with("\\U00");
  const size_t digits = is_long ? 4 : 2;
  if (!is_long && !text.starts_with("\\x")) return {};
  if (text.size() < digits + 2) return {};
  const int high = hex_value(text[digits]);
  const int low = hex_value(text[digits + 1]);
  if (high < 0 || low < 0 || high > 7) return {};
  return {digits + 2, static_cast<char>(high * 16 + low)};
}

/// The size of "[32m" or "[K" at the front of `text`; 0 if there is none.
size_t colour_size(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  size_t at = 1;
  while (at < text.size() && at < kColourSizeMax && (is(text[at], kDigit) || text[at] == ';')) ++at;
  return at < text.size() && is_alpha(text[at]) ? at + 1 : 0;
}

}  // namespace

bool hides_characters(std::string_view text) {
  size_t at = text.find('\\');
  while (at != std::string_view::npos && at + 1 < text.size()) {
    const char kind = text[at + 1];
    if (kind == '/' || kind == 'u' || kind == 'U' || kind == 'x') return true;
    at = text.find('\\', at + 2);
  }
  return false;
}

std::string_view reveal_characters(std::string_view text, Arena& arena) {
  char* const revealed = arena.allocate(text.size());
  size_t size = 0;
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest[0] != '\\' || rest.size() < 2) {
      revealed[size++] = rest[0];
      ++at;
      continue;
    }
    const Escape escape = read_escape(rest);
    const size_t colour =
        escape.size > 0 && escape.value == '\x1b' ? colour_size(rest.substr(escape.size)) : 0;
    const bool is_plain = escape.size > 0 && escape.value >= ' ' && escape.value < '\x7f' &&
                          escape.value != '"' && escape.value != '\\';
    if (colour > 0) {
      at += escape.size + colour;
    } else if (is_plain) {
      revealed[size++] = escape.value;
      at += escape.size;
    } else if (rest[1] == '/') {
      revealed[size++] = '/';
      at += 2;
    } else {
      revealed[size++] = rest[0];
      revealed[size++] = rest[1];
      at += 2;
    }
  }
  return {revealed, size};
}

}  // namespace gasoline::understand
