#include "framing/line_splitter.h"

#include <algorithm>
#include <cstring>

namespace gasoline::framing {

std::string_view visible_text(std::string_view line) noexcept {
  if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
  while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const size_t redraw = line.rfind('\r');
  return redraw == std::string_view::npos ? line : line.substr(redraw + 1);
}

size_t count_line_feeds(std::string_view bytes) noexcept {
  using Bytes = signed char __attribute__((vector_size(16)));
  constexpr size_t kBlocksMax = 127;  // then a lane could be full
  const char* at = bytes.data();
  size_t count = 0;
  for (size_t blocks = bytes.size() / sizeof(Bytes); blocks > 0;) {
    const size_t now = std::min(blocks, kBlocksMax);
    blocks -= now;
    Bytes lanes{};
    for (size_t i = 0; i < now; ++i, at += sizeof(Bytes)) {
      Bytes block;
      std::memcpy(&block, at, sizeof block);
      lanes -= block == '\n';  // a comparison that holds gives -1
    }
    for (size_t i = 0; i < sizeof(Bytes); ++i) count += static_cast<size_t>(lanes[i]);
  }
  const char* const end = bytes.data() + bytes.size();
  return count + static_cast<size_t>(std::count(at, end, '\n'));
}

bool LineSplitter::take(std::string_view& bytes, Piece& piece) noexcept {
  if (bytes.empty()) return false;  // memchr() takes no null pointer
  // One byte beyond the bound is looked at, so that a line of exactly the bound and its LF stay
  // whole.
  const size_t window = std::min(bytes.size(), line_size_bytes_max_ + 1);
  const void* found = std::memchr(bytes.data(), '\n', window);
  size_t size = 0;
  if (found != nullptr) {
    size = static_cast<size_t>(static_cast<const char*>(found) - bytes.data()) + 1;
  } else if (window > line_size_bytes_max_) {
    size = line_size_bytes_max_;
  } else {
    return false;
  }
  piece.bytes = bytes.substr(0, size);
  piece.continues = inside_line_;
  piece.ends_line = found != nullptr;
  inside_line_ = !piece.ends_line;
  bytes.remove_prefix(size);
  return true;
}

}  // namespace gasoline::framing
