#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace gasoline::http {

/// Feeds a chunked body to a parser that wants to see the head of a chunk, and the trailer, whole:
/// keeps what the parser could not use yet and shows it again with the bytes that follow. Chunk
/// data passes through uncopied.
class ChunkCarry {
 public:
  static constexpr size_t kSizeBytesMax = 16 * 1024;

  /// `put(bytes, needs_more)` returns how many bytes the parser used; `stopped()` is true once it
  /// is done or has failed. Returns how many of `bytes` were used or kept.
  template <typename Put, typename Stopped>
  size_t feed(std::string_view bytes, Put put, Stopped stopped) {
    size_t used = 0;
    while (used < bytes.size() && !stopped() && !is_too_long()) {
      const std::string_view rest = bytes.substr(used);
      bool needs_more = false;
      if (kept_.empty() && rest.size() >= put_bytes_min_) {
        const size_t taken = put(rest, needs_more);
        used += taken;
        if (taken > 0) put_bytes_min_ = 1;
        if (!needs_more) continue;
        kept_.assign(rest.substr(taken));
        return bytes.size();
      }
      const std::string_view piece = rest.substr(0, kPieceBytes);
      kept_.append(piece);
      used += piece.size();
      if (kept_.size() < put_bytes_min_) continue;
      const size_t taken = put(kept_, needs_more);
      if (taken > 0) put_bytes_min_ = 1;
      if (stopped()) {
        // What is left over belongs to the next message. After a failure more can be left over than
        // came in this call; nobody uses it then.
        used -= std::min(kept_.size() - taken, piece.size());
        kept_.clear();
      } else {
        kept_.erase(0, taken);
      }
    }
    return used;
  }

  /// The head of a chunk or the trailer is longer than anybody needs.
  bool is_too_long() const { return kept_.size() > kSizeBytesMax; }
  void clear() {
    kept_.clear();
    put_bytes_min_ = kFirstPutBytesMin;
  }

 private:
  // No chunked body ends within fewer bytes ("0", CRLF, CRLF), and Beast relies on having them.
  static constexpr size_t kFirstPutBytesMin = 5;
  static constexpr size_t kPieceBytes = 64;

  std::string kept_;
  size_t put_bytes_min_ = kFirstPutBytesMin;
};

}  // namespace gasoline::http
