#include "terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace gasoline::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view sequence(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return {};
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kRed:
      return "\x1b[31m";
    case Colour::kBoldRed:
      return "\x1b[1;31m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kBlue:
      return "\x1b[34m";
    case Colour::kMagenta:
      return "\x1b[35m";
    case Colour::kCyan:
      return "\x1b[36m";
  }
  return {};
}

/// Bytes of a CSI sequence ("\x1b[31m") at the front of `text`, or 0.
size_t csi_size(std::string_view text) {
  if (text.size() < 3 || text[0] != '\x1b' || text[1] != '[') return 0;
  size_t at = 2;
  while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f) ++at;
  return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : 0;
}

/// Takes one character off the front. Bytes that are not UTF-8 count as one character each.
char32_t take_character(std::string_view& text, size_t& size) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  size = first < 0x80         ? 1
         : (first >> 5) == 6  ? 2
         : (first >> 4) == 14 ? 3
         : (first >> 3) == 30 ? 4
                              : 1;
  if (size > text.size()) size = 1;
  // What only begins like a character must not take what follows, an escape perhaps, along with it.
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0u) != 0x80u) size = 1;
  }
  char32_t character = size == 1 ? first : first & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) character = (character << 6) | (byte(i) & 0x3fu);
  text.remove_prefix(size);
  return character;
}

struct Range {
  char32_t first;
  char32_t last;
};

template <size_t N>
bool is_in(const std::array<Range, N>& ranges, char32_t character) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

// The blocks that matter in logs, from EastAsianWidth.txt and emoji-data.txt of Unicode 15.
constexpr std::array<Range, 12> kWide{{{0x1100, 0x115f},
                                       {0x231a, 0x231b},
                                       {0x23e9, 0x23ec},
                                       {0x2705, 0x2705},
                                       {0x270a, 0x270b},
                                       {0x2728, 0x2728},
                                       {0x274c, 0x274c},
                                       {0x2e80, 0xa4cf},
                                       {0xac00, 0xd7a3},
                                       {0xf900, 0xfaff},
                                       {0xff00, 0xff60},
                                       {0x1f300, 0x1faff}}};
constexpr std::array<Range, 5> kZeroWidth{
    {{0x0300, 0x036f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}}};

size_t width_of(char32_t character) {
  if (character < 0x300) return 1;
  if (is_in(kZeroWidth, character)) return 0;
  return is_in(kWide, character) || (character >= 0x20000 && character <= 0x3fffd) ? 2 : 1;
}

/// Characters that a terminal would obey or that reorder the text around them.
bool is_dangerous(char32_t character) {
  return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
         (character >= 0x202a && character <= 0x202e) ||
         (character >= 0x2066 && character <= 0x2069);
}

}  // namespace

std::string paint(std::string_view text, Colour colour, bool is_coloured) {
  if (!is_coloured || colour == Colour::kNone || text.empty()) return std::string(text);
  return fmt::format("{}{}{}", sequence(colour), text, kReset);
}

std::string make_safe(std::string_view text, bool keeps_line_feeds) {
  std::string safe;
  safe.reserve(text.size());
  while (!text.empty()) {
    if (const size_t size = csi_size(text); size != 0) {
      text.remove_prefix(size);
      continue;
    }
    const std::string_view rest = text;
    size_t size = 0;
    const char32_t character = take_character(text, size);
    if (character == '\n') {
      safe += keeps_line_feeds ? "\n" : "\\n";
    } else if (character == '\t') {
      safe += keeps_line_feeds ? "    " : "\\t";
    } else if (character == '\r') {
      safe += "\\r";
    } else if (is_dangerous(character)) {
      const auto code = static_cast<uint32_t>(character);
      safe += code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
    } else {
      safe += rest.substr(0, size);
    }
  }
  return safe;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  while (!text.empty()) {
    size_t size = 0;
    width += width_of(take_character(text, size));
  }
  return width;
}

std::string cut_to_width(std::string_view text, size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::string_view rest = text;
  size_t width = 0;
  size_t kept = 0;
  while (!rest.empty()) {
    size_t size = 0;
    width += width_of(take_character(rest, size));
    if (width > columns - 1) break;
    kept += size;
  }
  return std::string(text.substr(0, kept)) + "…";
}

std::vector<std::string> wrap(std::string_view text, size_t columns) {
  std::vector<std::string> lines(1);
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool is_first = lines.back().empty();
    if (!is_first && display_width(lines.back()) + 1 + display_width(word) > columns) {
      lines.emplace_back(word);
    } else {
      lines.back().append(is_first ? "" : " ").append(word);
    }
  }
  return lines;
}

std::string pad(std::string_view text, size_t columns) {
  const size_t width = display_width(text);
  return std::string(text) + std::string(width < columns ? columns - width : 0, ' ');
}

std::string group_digits(unsigned long long number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string count_of(unsigned long long number, std::string_view noun) {
  return fmt::format("{} {}{}", group_digits(number), noun, number == 1 ? "" : "s");
}

}  // namespace gasoline::cli
