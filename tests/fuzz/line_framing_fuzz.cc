// Lines and their pieces must depend on the bytes alone, never on how they were divided among
// reads.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "framing/line_splitter.h"

namespace {

using namespace gasoline::framing;

/// A text that says which pieces `bytes` gave when it became visible `step` bytes at a time.
std::string pieces_of(std::string_view bytes, size_t line_size_max, size_t step) {
  LineSplitter splitter(line_size_max);
  std::string seen;
  size_t taken = 0;
  for (size_t end = 0; end < bytes.size();) {
    end = std::min(bytes.size(), end + step);
    std::string_view rest = bytes.substr(taken, end - taken);
    Piece piece;
    while (splitter.take(rest, piece)) {
      GASOLINE_ASSERT(!piece.bytes.empty());
      GASOLINE_ASSERT(piece.bytes.size() <= line_size_max + 1);
      GASOLINE_ASSERT(piece.ends_line == (piece.bytes.back() == '\n'));
      GASOLINE_ASSERT(piece.bytes.find('\n') >= piece.bytes.size() - 1);
      GASOLINE_ASSERT(splitter.is_inside_line() != piece.ends_line);
      const std::string_view visible = visible_text(piece.bytes);
      GASOLINE_ASSERT(visible.find_first_of("\r\n") == std::string_view::npos);
      seen += std::to_string(piece.bytes.size()) + (piece.continues ? "c" : "");
      seen += piece.ends_line ? "e " : " ";
    }
    taken = end - rest.size();
  }
  GASOLINE_ASSERT(bytes.size() - taken <= line_size_max);
  return seen;
}

}  // namespace

/// The first byte is the bound of a line, the rest the stream.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  const size_t line_size_max = 1 + bytes[0];
  const std::string_view stream(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const std::string whole = pieces_of(stream, line_size_max, size);
  GASOLINE_ASSERT(whole == pieces_of(stream, line_size_max, 1));
  GASOLINE_ASSERT(whole == pieces_of(stream, line_size_max, 7));
  static_cast<void>(visible_text(stream));
  return 0;
}
