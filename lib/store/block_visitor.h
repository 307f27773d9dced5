#pragma once

#include <array>
#include <span>

#include "store/shelf.h"

namespace gasoline::store {

/// Keeps some blocks in place while it lives.
class PinnedBlocks {
 public:
  PinnedBlocks(const Shelf& shelf, std::span<const uint32_t> blocks)
      : shelf_(shelf), blocks_(blocks) {
    shelf_.pin(blocks_, std::span(pinned_).first(blocks_.size()));
  }
  ~PinnedBlocks() { shelf_.unpin(blocks_, std::span(pinned_).first(blocks_.size())); }
  PinnedBlocks(const PinnedBlocks&) = delete;
  PinnedBlocks& operator=(const PinnedBlocks&) = delete;

  const Shelf::Pinned& operator[](size_t i) const { return pinned_[i]; }

 private:
  const Shelf& shelf_;
  const std::span<const uint32_t> blocks_;
  std::array<Shelf::Pinned, Shelf::kPinsMax> pinned_;
};

/// Calls visit(block_index, pinned) for each of `blocks` that is still there, a few pinned at a
/// time. Stops when `visit` returns false.
template <typename Visit>
void visit_blocks(const Shelf& shelf, std::span<const uint32_t> blocks, Visit visit) {
  while (!blocks.empty()) {
    const auto some = blocks.first(std::min(blocks.size(), Shelf::kPinsMax));
    blocks = blocks.subspan(some.size());
    const PinnedBlocks pinned(shelf, some);
    for (size_t i = 0; i < some.size(); ++i) {
      if (pinned[i].block != nullptr && !visit(some[i], pinned[i])) return;
    }
  }
}

template <typename Wanted>
std::vector<Shelf::Span> Shelf::blocks_of_span(int64_t start_us, int64_t end_us,
                                               Wanted wanted) const {
  std::vector<Span> spans;
  const std::lock_guard lock(mutex_);
  for (const Ring& ring : rings_) {
    if (ring.events == 0 || !wanted(*ring.identity)) continue;
    for (const Ring::Sealed& sealed : ring.sealed) {
      if (sealed.timestamp_max_us < start_us || sealed.timestamp_min_us >= end_us) continue;
      spans.push_back({sealed.block, sealed.timestamp_min_us, sealed.timestamp_max_us});
    }
    if (ring.open != Ring::kNoBlock) {
      const Block& open = blocks_[ring.open];
      spans.push_back({ring.open, open.timestamp_min_us, open.timestamp_max_us});
    }
  }
  return spans;
}

}  // namespace gasoline::store
