#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "store/hash_table.h"

namespace gasoline::store {

/// From an id's hash to the blocks that hold events with it.
///
/// A posting is one (id, block) pair, in two lists at once: the id's, newest first and doubly
/// linked, and its block's. So an evicted block takes its postings with it in time linear in their
/// number, wherever they stand in the lists of their ids, and memory follows what is retained.
///
///   slot of hash H -> posting(block 9) <-> posting(block 7) <-> posting(block 2)
///                          |                    |
///   block 9's chain  ------+--> ...   block 7's +--> ...
///
/// Postings live in chunks and are recycled. An id may, rarely, have two postings for one block.
/// Not thread-safe.
class PostingIndex {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  /// Notes that `block` holds an event with the id. `chain` is the block's list head (kNone at
  /// first). `opened_at` and `now` are arrival numbers (low 32 bits): of the block's first event
  /// and of this one.
  void add(uint64_t id_hash, uint32_t block, uint32_t& chain, uint32_t opened_at, uint32_t now);

  /// Drops all postings of a block's chain and empties it.
  void remove_chain(uint32_t& chain);

  /// Appends the blocks of an id, newest posting first, possibly with repeats.
  void append_blocks(uint64_t id_hash, std::vector<uint32_t>& blocks) const;

  void prefetch(uint64_t id_hash) const { ids_.prefetch(id_hash); }
  /// To be called once the prefetched slot has had time to arrive.
  void prefetch_posting(uint64_t id_hash) const;

  size_t ids() const { return ids_.size(); }
  size_t postings() const { return postings_; }
  size_t held_bytes() const;

 private:
  struct Posting {
    uint32_t hash_low;
    uint32_t hash_high;
    uint32_t block;
    uint32_t added_at;  // arrival number, low bits
    uint32_t newer;     // within the id's list
    uint32_t older;
    uint32_t next_of_block;  // within the block's chain, or the list of free postings
  };
  struct Slot {
    uint64_t hash = 0;
    uint32_t newest = kNone;
  };
  static constexpr uint32_t kChunkPostings = 1 << 12;

  Posting& at(uint32_t i) { return chunks_[i / kChunkPostings][i % kChunkPostings]; }
  const Posting& at(uint32_t i) const { return chunks_[i / kChunkPostings][i % kChunkPostings]; }
  bool known(const Slot& slot, uint32_t block, uint32_t opened_at, uint32_t now) const;
  uint32_t take_free();
  void unlink(const Posting& posting);

  HashTable<Slot> ids_;
  std::vector<std::unique_ptr<Posting[]>> chunks_;
  uint32_t used_ = 0;  // postings ever handed out of the chunks
  uint32_t free_ = kNone;
  size_t postings_ = 0;
};

}  // namespace gasoline::store
