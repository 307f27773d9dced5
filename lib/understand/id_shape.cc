#include "understand/id_shape.h"

#include <algorithm>
#include <array>

#include "understand/blocks.h"
#include "understand/chars.h"

namespace gasoline::understand {

namespace {

bool is_hex_of(std::string_view text, size_t size) {
  return text.size() == size && is_all_hex(text);
}

bool is_uuid(std::string_view text) {
  constexpr uint64_t kDashes = 1u << 8 | 1u << 13 | 1u << 18 | 1u << 23;
  if (text.size() != 36) return false;
  const auto bits_at = [text](size_t at, auto bits_of) {
    return uint64_t{bits_of(Block(text.data() + at))} << at;
  };
  const auto bits = [&bits_at](auto bits_of) {
    return bits_at(0, bits_of) | bits_at(16, bits_of) | bits_at(20, bits_of);
  };
  return bits([](const Block& block) { return block.equal_to('-'); }) == kDashes &&
         (bits([](const Block& block) { return block.hex_digits(); }) | kDashes) == 0xfffffffff;
}

bool is_xray(std::string_view text) {
  return text.size() == 35 && text[0] == '1' && text[1] == '-' && is_hex_of(text.substr(2, 8), 8) &&
         text[10] == '-' && is_hex_of(text.substr(11), 24);
}

bool is_traceparent(std::string_view text) {
  return text.size() == 55 && is_hex_of(text.substr(0, 2), 2) && text.substr(0, 2) != "ff" &&
         text[2] == '-' && is_hex_of(text.substr(3, 32), 32) && text[35] == '-' &&
         is_hex_of(text.substr(36, 16), 16) && text[52] == '-' && is_hex_of(text.substr(53), 2);
}

/// trace-span, then -state and -parent.
IdShape b3_shape(std::string_view text) {
  if (text.size() < 49 || text[32] != '-' || !is_hex_of(text.substr(0, 32), 32) ||
      !is_hex_of(text.substr(33, 16), 16)) {
    return IdShape::kNone;
  }
  const std::string_view rest = text.substr(49);
  if (rest.empty()) return IdShape::kTraceAndSpan;
  const bool state =
      rest.size() >= 2 && rest[0] == '-' && (rest[1] == '0' || rest[1] == '1' || rest[1] == 'd');
  if (state && rest.size() == 2) return IdShape::kB3;
  if (state && rest.size() == 19 && rest[2] == '-' && is_hex_of(rest.substr(3), 16)) {
    return IdShape::kB3;
  }
  return IdShape::kNone;
}

}  // namespace

bool is_all_zeros(std::string_view text) {
  if (!text.empty() && is_alnum(text[0]) && text[0] != '0') return false;
  return std::none_of(text.begin(), text.end(), [](char c) { return is_alnum(c) && c != '0'; });
}

IdShape id_shape(std::string_view text) {
  IdShape shape = IdShape::kNone;
  switch (text.size()) {
    case 32:
      if (is_all_hex(text)) shape = IdShape::kHex128;
      break;
    case 35:
      if (is_xray(text)) shape = IdShape::kXray;
      break;
    case 36:
      if (is_uuid(text)) shape = IdShape::kUuid;
      break;
    case 55:
      if (is_traceparent(text))
        return is_all_zeros(text.substr(3, 32)) ? IdShape::kNone : IdShape::kTraceparent;
      break;
    case 49:
    case 51:
    case 68:
      shape = b3_shape(text);
      break;
    default:
      break;
  }
  if (shape != IdShape::kNone && is_all_zeros(text)) return IdShape::kNone;
  return shape;
}

bool looks_random(std::string_view text) {
  if (text.size() < 16) return false;
  bool digit = false;
  bool letter = false;
  for (const char c : text) {
    digit |= is(c, kDigit);
    letter |= is_alpha(c);
    if (!is_alnum(c) && c != '-' && c != '_') return false;
  }
  return digit && letter;
}

bool is_placeholder(std::string_view value) {
  static constexpr std::array<std::string_view, 18> kWords = {
      "null", "none",   "nil",    "undefined", "unknown", "n/a",
      "na",   "(null)", "(none)", "<nil>",     "empty",   "missing",
      "true", "false",  "unset",  "invalid",   "nan",     "anonymous"};
  if (std::none_of(value.begin(), value.end(), is_alnum)) return true;
  if (value.size() > 9 || is(value[0], kDigit)) return false;  // unlike any of the words
  return std::any_of(kWords.begin(), kWords.end(),
                     [value](std::string_view word) { return equals_ignoring_case(value, word); });
}

}  // namespace gasoline::understand
