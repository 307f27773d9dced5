#include "store/posting_index.h"

#include "base/assert.h"

namespace gasoline::store {
namespace {

/// How far to look for a posting that is there already. A miss costs one spare posting, no error.
constexpr int kLookBackMax = 16;

}  // namespace

bool PostingIndex::known(const Slot& slot, uint32_t block, uint32_t opened_at, uint32_t now) const {
  uint32_t i = slot.newest;
  for (int steps = 0; i != kNone && steps < kLookBackMax; ++steps) {
    const Posting& posting = at(i);
    if (posting.block == block) return true;
    // Older than the block: so is all behind it.
    if (now - posting.added_at > now - opened_at) return false;
    i = posting.older;
  }
  return false;
}

uint32_t PostingIndex::take_free() {
  if (free_ != kNone) {
    const uint32_t i = free_;
    free_ = at(i).next_of_block;
    return i;
  }
  if (used_ % kChunkPostings == 0) {
    chunks_.push_back(std::make_unique_for_overwrite<Posting[]>(kChunkPostings));
  }
  GASOLINE_ASSERT(used_ < kNone);
  return used_++;
}

void PostingIndex::add(uint64_t id_hash, uint32_t block, uint32_t& chain, uint32_t opened_at,
                       uint32_t now) {
  Slot& slot = *ids_.insert(id_hash).first;
  if (known(slot, block, opened_at, now)) return;
  const uint32_t i = take_free();
  at(i) = {static_cast<uint32_t>(id_hash),
           static_cast<uint32_t>(id_hash >> 32),
           block,
           now,
           kNone,
           slot.newest,
           chain};
  if (slot.newest != kNone) at(slot.newest).newer = i;
  slot.newest = i;
  chain = i;
  ++postings_;
}

void PostingIndex::unlink(const Posting& posting) {
  const uint64_t hash = (static_cast<uint64_t>(posting.hash_high) << 32) | posting.hash_low;
  if (posting.older != kNone) at(posting.older).newer = posting.newer;
  if (posting.newer != kNone) {
    at(posting.newer).older = posting.older;
    return;
  }
  if (posting.older == kNone) {
    ids_.erase(hash);
    return;
  }
  Slot* slot = ids_.find(hash);
  GASOLINE_ASSERT(slot != nullptr);
  slot->newest = posting.older;
}

void PostingIndex::remove_chain(uint32_t& chain) {
  while (chain != kNone) {
    const uint32_t i = chain;
    Posting& posting = at(i);
    chain = posting.next_of_block;
    if (chain != kNone) __builtin_prefetch(&at(chain));
    unlink(posting);
    posting.next_of_block = free_;
    free_ = i;
    --postings_;
  }
}

void PostingIndex::append_blocks(uint64_t id_hash, std::vector<uint32_t>& blocks) const {
  const Slot* slot = ids_.find(id_hash);
  if (slot == nullptr) return;
  for (uint32_t i = slot->newest; i != kNone; i = at(i).older) blocks.push_back(at(i).block);
}

void PostingIndex::prefetch_posting(uint64_t id_hash) const {
  const Slot* slot = ids_.find(id_hash);
  if (slot != nullptr) __builtin_prefetch(&at(slot->newest));
}

size_t PostingIndex::held_bytes() const {
  return ids_.held_bytes() + chunks_.size() * kChunkPostings * sizeof(Posting);
}

}  // namespace gasoline::store
