#include "store/posting_index.h"

#include <algorithm>

#include "base/assert.h"

namespace gasoline::store {

/// Sources take turns, so one of the last blocks is likely to be the one. A miss costs a spare
/// posting, no error.
bool PostingIndex::holds_newest(const Slot& slot, uint32_t serial) const {
  if (slot.newest == serial) return true;
  if (slot.chunk == kNone) return false;
  const Chunk& chunk = at(slot.chunk);
  const auto* const end = chunk.serials + chunk.used;
  return std::find(static_cast<const uint32_t*>(chunk.serials), end, serial) != end;
}

uint32_t PostingIndex::add(uint64_t id_hash, uint32_t serial, bool is_linked) {
  const auto [slot, is_new] = ids_.insert(id_hash);
  if (is_linked) slot->is_linked = 1;
  if (!is_new) {
    if (holds_newest(*slot, serial)) return 0;
    push(*slot, slot->newest);
  }
  slot->newest = serial;
  ++postings_;
  return 1;
}

void PostingIndex::push(Slot& slot, uint32_t serial) {
  if (slot.chunk == kNone || at(slot.chunk).used == kChunkPostings) {
    const uint32_t chunk = take_free();
    at(chunk).older = slot.chunk & kNone;
    at(chunk).used = 0;
    slot.chunk = chunk & kNone;
  }
  Chunk& chunk = at(slot.chunk);
  chunk.serials[chunk.used] = serial;
  chunk.used = (chunk.used + 1) & kChunkPostings;
}

uint32_t PostingIndex::take_free() {
  if (free_ != kNone) {
    const uint32_t i = free_;
    free_ = at(i).older;
    return i;
  }
  if (used_ % kChunksPerSlab == 0) {
    slabs_.push_back(std::make_unique_for_overwrite<Chunk[]>(kChunksPerSlab));
  }
  GASOLINE_ASSERT(used_ < kNone);
  return used_++;
}

void PostingIndex::free_chunks(uint32_t first) {
  while (first != kNone) {
    const uint32_t next = at(first).older;
    at(first).older = free_ & kNone;
    free_ = first;
    first = next;
  }
}

void PostingIndex::prefetch_posting(uint64_t id_hash) const {
  const Slot* slot = ids_.find(id_hash);
  if (slot != nullptr && slot->chunk != kNone) __builtin_prefetch(&at(slot->chunk));
}

size_t PostingIndex::held_bytes() const {
  return ids_.held_bytes() + slabs_.size() * kChunksPerSlab * sizeof(Chunk);
}

}  // namespace gasoline::store
