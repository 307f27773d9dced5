#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gasoline::understand {

/// Classes of ASCII bytes, as bits of kCharClasses. No locale, no branches.
enum CharClass : uint8_t {
  kDigit = 1,
  kHexDigit = 2,
  kLower = 4,
  kUpper = 8,
  kBlank = 16,      ///< space and tab
  kKeyChar = 32,    ///< may stand in a field's name: letters, digits, _ . - / @
  kRunChar = 64,    ///< may stand in a run that is looked at as an id's shape: letters, digits, -
  kValueChar = 128  ///< may stand in an unquoted id: run characters and _ . : / + ~ @
};

constexpr std::array<uint8_t, 256> make_char_classes() {
  std::array<uint8_t, 256> classes{};
  for (size_t i = 0; i < classes.size(); ++i) {
    const bool digit = i >= '0' && i <= '9';
    const bool lower = i >= 'a' && i <= 'z';
    const bool upper = i >= 'A' && i <= 'Z';
    const bool alnum = digit || lower || upper;
    unsigned bits = 0;
    if (digit) bits |= kDigit;
    if (digit || (i >= 'a' && i <= 'f') || (i >= 'A' && i <= 'F')) bits |= kHexDigit;
    if (lower) bits |= kLower;
    if (upper) bits |= kUpper;
    if (i == ' ' || i == '\t') bits |= kBlank;
    if (alnum || i == '_' || i == '.' || i == '-' || i == '/' || i == '@') bits |= kKeyChar;
    if (alnum || i == '-') bits |= kRunChar;
    if (alnum || i == '-' || i == '_' || i == '.' || i == ':' || i == '/' || i == '+' || i == '~' ||
        i == '@') {
      bits |= kValueChar;
    }
    classes[i] = static_cast<uint8_t>(bits);
  }
  return classes;
}

inline constexpr std::array<uint8_t, 256> kCharClasses = make_char_classes();

constexpr bool is(char c, unsigned classes) {
  return (kCharClasses[static_cast<uint8_t>(c)] & classes) != 0;
}
constexpr bool is_alpha(char c) {
  return is(c, kLower | kUpper);
}
constexpr bool is_alnum(char c) {
  return is(c, kLower | kUpper | kDigit);
}
constexpr char to_lower(char c) {
  return is(c, kUpper) ? static_cast<char>(c | 0x20) : c;
}

/// The length of the prefix of `text` whose bytes are all of `classes`, at most `size_max`.
constexpr size_t run_of(std::string_view text, unsigned classes, size_t size_max = SIZE_MAX) {
  size_t size = 0;
  while (size < text.size() && size < size_max && is(text[size], classes)) ++size;
  return size;
}

constexpr bool all_of(std::string_view text, unsigned classes) {
  return run_of(text, classes) == text.size();
}

constexpr bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (to_lower(text[i]) != lower[i]) return false;
  }
  return true;
}

/// A few characters to look for: one load a byte, where std::string_view calls memchr for each.
class CharSet {
 public:
  constexpr explicit CharSet(std::string_view members) {
    for (const char c : members) holds_[static_cast<uint8_t>(c)] = true;
  }

  constexpr bool holds(char c) const { return holds_[static_cast<uint8_t>(c)]; }

  /// npos if there is none.
  constexpr size_t first_in(std::string_view text, size_t from = 0) const {
    for (size_t at = from; at < text.size(); ++at) {
      if (holds(text[at])) return at;
    }
    return std::string_view::npos;
  }
  constexpr size_t last_in(std::string_view text) const {
    for (size_t at = text.size(); at > 0; --at) {
      if (holds(text[at - 1])) return at - 1;
    }
    return std::string_view::npos;
  }
  constexpr std::string_view trim_left(std::string_view text) const {
    while (!text.empty() && holds(text.front())) text.remove_prefix(1);
    return text;
  }
  constexpr std::string_view trim_right(std::string_view text) const {
    while (!text.empty() && holds(text.back())) text.remove_suffix(1);
    return text;
  }

 private:
  std::array<bool, 256> holds_{};
};

/// The nearest offset from `at` on that does not stand inside a UTF-8 sequence.
constexpr size_t character_boundary(std::string_view text, size_t at) {
  while (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

constexpr std::string_view trim_left(std::string_view text) {
  text.remove_prefix(run_of(text, kBlank));
  return text;
}

constexpr std::string_view trim_right(std::string_view text) {
  while (!text.empty() && (is(text.back(), kBlank) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

}  // namespace gasoline::understand
