#include "understand/ansi.h"

#include <algorithm>
#include <cstring>

#include "understand/blocks.h"

namespace gasoline::understand {

namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\x07';
constexpr size_t kCsiSizeMax = 64;

bool in_range(char c, unsigned char low, unsigned char high) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

/// Sizes of the escape sequences of one text. Remembers that no string terminator is left, so that
/// many unterminated sequences do not make the search quadratic.
class EscapeSizes {
 public:
  /// The size of the sequence at the front of `text`, which begins with an escape; at least 1.
  size_t size_of(std::string_view text) {
    if (text.size() < 2) return 1;
    const char kind = text[1];
    if (kind == '[') return csi(text);
    if (kind == ']' || kind == 'P' || kind == '_' || kind == '^') return terminated(text);
    if (in_range(kind, 0x20, 0x2f))
      return text.size() >= 3 && in_range(text[2], 0x30, 0x7e) ? 3 : 1;
    return in_range(kind, 0x30, 0x7e) ? 2 : 1;
  }

 private:
  static size_t csi(std::string_view text) {
    size_t at = 2;
    while (at < text.size() && at < kCsiSizeMax && in_range(text[at], 0x20, 0x3f)) ++at;
    return at < text.size() && in_range(text[at], 0x40, 0x7e) ? at + 1 : 1;
  }

  size_t terminated(std::string_view text) {
    if (no_terminator_left_) return 1;
    for (size_t at = 2; at < text.size(); ++at) {
      if (text[at] == kBell) return at + 1;
      if (text[at] == kEscape && at + 1 < text.size() && text[at + 1] == '\\') return at + 2;
    }
    no_terminator_left_ = true;
    return 1;
  }

  bool no_terminator_left_ = false;
};

/// "\x1b[G", "\x1b[1G": what comes next is written over the line.
bool goes_to_line_start(std::string_view escape) {
  return escape == "\x1b[G" || escape == "\x1b[1G" || escape == "\x1b[0G";
}

/// Of a line that was drawn again and again, what stood there last. Text of several lines is none.
std::string_view last_state(std::string_view text) {
  while (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  if (text.find('\r') == std::string_view::npos) return text;
  if (text.find('\n') != std::string_view::npos) return text;
  return text.substr(text.rfind('\r') + 1);
}

}  // namespace

std::string_view strip_ansi(std::string_view text, Arena& arena) {
  // Most lines hold neither: one pass tells.
  const size_t special = find_rare_in_blocks(text, [](const Block& block) {
    return block.equal_to(kEscape) | block.equal_to('\r');
  });
  if (special == text.size()) return text;
  const size_t first = text.find(kEscape, special);
  if (first == std::string_view::npos) return last_state(text);
  char* const clean = arena.allocate(text.size());
  size_t size = 0;
  EscapeSizes sizes;
  size_t at = 0;
  size_t escape = first;
  while (true) {
    std::memcpy(clean + size, text.data() + at, escape - at);
    size += escape - at;
    if (escape == text.size()) break;
    const size_t escape_size = sizes.size_of(text.substr(escape));
    if (goes_to_line_start(text.substr(escape, escape_size))) clean[size++] = '\r';
    at = escape + escape_size;
    escape = std::min(text.find(kEscape, at), text.size());
  }
  return last_state({clean, size});
}

}  // namespace gasoline::understand
