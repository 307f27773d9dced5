#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "event/event.h"

namespace gasoline::store {

class Shelf;
struct Block;
struct Entry;

/// A stack trace comes as one event per line; each but the first names the one that it continues.
/// The store keeps them as they came and shows them as one:
///
///   head's block                          block of its parts (often the same)
///   heads: entry 7 --runs--> 8..19        parts: entries 8..19 --head--> entry 7
///
/// Parts are hidden from the moment they are indexed and have the head's ring, so a head is never
/// evicted after its parts. All of this is guarded by the Shelf's lock.

/// Where an event stands. `arrival` tells it from another that came into its place.
struct EventPlace {
  uint32_t block = UINT32_MAX;
  uint32_t entry = 0;
  uint64_t arrival = 0;
};

/// Consecutive entries of one block that continue the same event.
struct PartRun {
  uint32_t block;
  uint32_t entry;
  uint32_t count;
};

struct JoinedHead {
  uint32_t entry;
  uint32_t lines;  ///< parts so far
  std::vector<PartRun> runs;
};

struct PartsOfHead {
  uint32_t entry;
  uint32_t count;
  EventPlace head;
};

/// What one block knows about joined events. Both lists are sorted by entry.
struct BlockJoins {
  static constexpr uint32_t kPartsMax = 512;  ///< of one event

  std::vector<JoinedHead> heads;
  std::vector<PartsOfHead> parts;

  const JoinedHead* head_at(uint32_t entry) const;
  const PartsOfHead* parts_at(uint32_t entry) const;
  size_t held_bytes() const;
};

/// The events of a ring that came last, and those that were continued last: one of them is what the
/// next part speaks of.
class RecentEvents {
 public:
  void note(uint64_t event_id_hash, const EventPlace& place);
  /// Null if it is not among them. Keeps it among them for longer.
  const EventPlace* find(uint64_t event_id_hash);

 private:
  struct Recent {
    uint64_t event_id_hash = 0;
    EventPlace place;
  };
  static constexpr size_t kRecentMax = 16;
  std::array<Recent, kRecentMax> recent_;
  uint32_t next_ = 0;
};

/// Reads an event of a pinned block like read_stored(), and one that others continue with their
/// messages, each on a line of its own; metadata then says `"lines":N`, and ids that only a later
/// line shows are the event's. Views point into the block, its identity and `arena`.
event::Event read_joined(const Shelf& shelf, uint32_t block_index, const Block& block,
                         uint32_t entry, Arena& arena);

/// The same with all bytes copied, so that only the identity must outlive it, and without the parts
/// that arrived at `arrival_limit` or later.
event::Event copy_joined(const Shelf& shelf, uint32_t block_index, const Block& block,
                         uint32_t entry, Arena& arena, uint64_t arrival_limit = UINT64_MAX);

}  // namespace gasoline::store
