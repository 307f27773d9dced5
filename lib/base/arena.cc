#include "base/arena.h"

#include <algorithm>
#include <cstring>

namespace gasoline {

char* Arena::allocate(size_t size) {
  size = (size + 7) & ~size_t{7};
  while (block_in_use_ < blocks_.size()) {
    Block& block = blocks_[block_in_use_];
    if (block.size - used_in_block_ >= size) {
      char* at = block.bytes.get() + used_in_block_;
      used_in_block_ += size;
      return at;
    }
    ++block_in_use_;
    used_in_block_ = 0;
  }
  const size_t block_size = std::max(size, kBlockSizeBytes);
  blocks_.push_back({std::make_unique_for_overwrite<char[]>(block_size), block_size});
  held_bytes_ += block_size;
  used_in_block_ = size;
  return blocks_.back().bytes.get();
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* at = allocate(text.size());
  std::memcpy(at, text.data(), text.size());
  return {at, text.size()};
}

void Arena::reset(size_t kept_bytes_max) {
  while (held_bytes_ > kept_bytes_max && !blocks_.empty()) {
    held_bytes_ -= blocks_.back().size;
    blocks_.pop_back();
  }
  block_in_use_ = 0;
  used_in_block_ = 0;
}

}  // namespace gasoline
