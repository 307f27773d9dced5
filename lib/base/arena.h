#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace gasoline {

/// A bump allocator for bytes that live and die together, such as the strings of one batch.
///
/// Views into it stay valid until reset() or destruction. reset() keeps the blocks, so that a warm
/// arena allocates nothing: page-faulting fresh memory costs more than filling it. Not thread-safe.
class Arena {
 public:
  static constexpr size_t kBlockSizeBytes = 256 * 1024;

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// `size` bytes, aligned to 8. Contents are indeterminate.
  char* allocate(size_t size);
  /// A copy of `text` that the arena owns.
  std::string_view copy(std::string_view text);
  /// Forgets everything. Keeps blocks up to `kept_bytes_max` in all for the next use.
  void reset(size_t kept_bytes_max = 64 * kBlockSizeBytes);
  /// Bytes of all blocks held, used or not.
  size_t held_bytes() const { return held_bytes_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size;
  };
  std::vector<Block> blocks_;
  size_t block_in_use_ = 0;  // blocks_[block_in_use_] is being filled
  size_t used_in_block_ = 0;
  size_t held_bytes_ = 0;
};

}  // namespace gasoline
