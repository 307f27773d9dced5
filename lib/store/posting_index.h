#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "store/hash_table.h"

namespace gasoline::store {

/// From an id's hash to the blocks that hold events with it.
///
/// A posting is one (id, block) pair: the block's serial number, which no other block has. The
/// newest stands in the id's slot, the others in chunks of seven, newest chunk first:
///
///   slot of hash H: 907 -> | 880 851 ...        | -> | 412 388 377 301 256 255 254 |
///
/// so a posting takes 4 to 6 bytes where ids repeat, and the slot alone where they do not. An
/// evicted block leaves its postings behind, dead; a sweep, a small part of the table at a time,
/// drops them as soon as they are a quarter of all, and the rest when its turn comes. So memory
/// follows what is retained, and nothing is looked up to evict.
///
/// An id may have several postings for one block. Not thread-safe.
class PostingIndex {
 public:
  /// Notes that the block `serial`, not 0, holds an event with the id, and whether that event shows
  /// other ids too. Returns how many postings that made, 0 or 1: the caller adds them up for
  /// forget().
  uint32_t add(uint64_t id_hash, uint32_t serial, bool is_linked);
  /// False if no retained event shows the id beside another one: then there is nothing to look for.
  bool may_be_linked(uint64_t id_hash) const {
    const Slot* slot = ids_.find(id_hash);
    return slot != nullptr && slot->is_linked;
  }

  /// The block that had `postings` postings is gone. is_live(serial) is true for blocks that are
  /// not.
  template <typename IsLive>
  void forget(uint32_t postings, IsLive is_live) {
    dead_ += postings;
    while (dead_ * kDeadShareMax > postings_) sweep_next(is_live);
  }
  /// Drops what the next part of the table has dead. False once nothing is dead anywhere.
  template <typename IsLive>
  bool sweep_next(IsLive is_live) {
    if (dead_ == 0) return false;
    ids_.erase_if(next_part_, [&](Slot& slot) { return !keep_live(slot, is_live); });
    next_part_ = (next_part_ + 1) % HashTable<Slot>::kParts;
    return dead_ != 0;
  }

  /// Calls visit(serial) for each posting of the id, dead ones too, newest first, until it returns
  /// false.
  template <typename Visit>
  void for_each(uint64_t id_hash, Visit visit) const {
    const Slot* slot = ids_.find(id_hash);
    if (slot == nullptr) return;
    if (!visit(slot->newest)) return;
    for (uint32_t i = slot->chunk; i != kNone; i = at(i).older) {
      for (uint32_t k = at(i).used; k > 0; --k) {
        if (!visit(at(i).serials[k - 1])) return;
      }
    }
  }

  void prefetch(uint64_t id_hash) const { ids_.prefetch(id_hash); }
  /// To be called once the prefetched slot has had time to arrive.
  void prefetch_posting(uint64_t id_hash) const;

  /// Of ids with postings, dead ones too.
  size_t ids() const { return ids_.size(); }
  /// Without dead ones.
  size_t postings() const { return postings_ - dead_; }
  size_t held_bytes() const;

 private:
  static constexpr uint32_t kNone = (1u << 29) - 1;
  static constexpr uint32_t kChunkPostings = 7;
  static constexpr uint64_t kDeadShareMax = 4;
  static constexpr uint32_t kChunksPerSlab = 1 << 11;

  struct Chunk {
    uint32_t older : 29;
    uint32_t used : 3;
    uint32_t serials[kChunkPostings];  // in order of arrival
  };
  struct Slot {
    uint64_t hash = 0;
    uint32_t newest = 0;
    uint32_t chunk : 29 = kNone;
    uint32_t is_linked : 1 = 0;  // since it came
  };

  Chunk& at(uint32_t i) { return slabs_[i / kChunksPerSlab][i % kChunksPerSlab]; }
  const Chunk& at(uint32_t i) const { return slabs_[i / kChunksPerSlab][i % kChunksPerSlab]; }
  bool holds_newest(const Slot& slot, uint32_t serial) const;
  void push(Slot& slot, uint32_t serial);
  uint32_t take_free();
  void free_chunks(uint32_t first);

  /// False if nothing of the slot is live. Its live postings keep their order.
  template <typename IsLive>
  bool keep_live(Slot& slot, IsLive is_live) {
    bool all_live = true;
    live_.clear();
    const auto look_at = [&](uint32_t serial) {
      if (is_live(serial)) {
        live_.push_back(serial);
      } else {
        all_live = false;
        --dead_;
        --postings_;
      }
    };
    look_at(slot.newest);
    for (uint32_t i = slot.chunk; i != kNone; i = at(i).older) {
      for (uint32_t k = at(i).used; k > 0; --k) look_at(at(i).serials[k - 1]);
    }
    if (all_live) return true;
    free_chunks(slot.chunk);
    slot.chunk = kNone;
    if (live_.empty()) return false;
    for (size_t i = live_.size() - 1; i > 0; --i) push(slot, live_[i]);
    slot.newest = live_.front();
    return true;
  }

  HashTable<Slot> ids_;
  std::vector<std::unique_ptr<Chunk[]>> slabs_;
  uint32_t used_ = 0;  // chunks ever handed out of the slabs
  uint32_t free_ = kNone;
  uint64_t postings_ = 0;
  uint64_t dead_ = 0;
  size_t next_part_ = 0;
  std::vector<uint32_t> live_;  // scratch of keep_live
};

}  // namespace gasoline::store
