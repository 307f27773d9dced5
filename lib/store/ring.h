#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/joined_events.h"
#include "store/source_identity.h"

namespace gasoline::store {

/// How fast events come: a count per window of ten seconds.
class Rate {
 public:
  void count(int64_t receive_time_us) {
    advance(receive_time_us);
    ++now_;
  }
  /// Events per second over the last whole window.
  double per_second(int64_t now_us) const;

 private:
  static constexpr int64_t kWindowUs = 10'000'000;
  void advance(int64_t now_us);

  int64_t window_ = 0;
  uint64_t now_ = 0;
  uint64_t before_ = 0;
};

/// The events of one source: its blocks, oldest first, and what is told about them. All events of a
/// block are of one generation of the source (source_identity.h).
///
/// Only the Shelf changes it, under its lock.
struct Ring {
  /// A block that takes no more events. Its span stands here so that a query can choose blocks
  /// without touching each.
  struct Sealed {
    uint32_t block;
    int64_t timestamp_min_us;
    int64_t timestamp_max_us;
    int64_t reached_us;  ///< the greatest timestamp_max_us of this block and those before it
  };
  /// An event that its completed line will replace.
  struct Partial {
    uint64_t seq = 0;
    uint64_t arrival = 0;
    uint32_t block = 0;
    uint32_t entry = 0;
  };
  struct GapRecord {
    std::string run_id;
    int64_t from_us;
    int64_t to_us;
    uint64_t lines;
    uint64_t bytes;
    std::string reason;
    int64_t receive_time_us;
  };
  static constexpr uint32_t kNoBlock = UINT32_MAX;
  static constexpr size_t kGapsMax = 256;
  static constexpr size_t kPartialsMax = 4;

  /// Of the generation whose events came last, and of the one before, which may go on for a while.
  std::shared_ptr<const SourceIdentity> identity;
  std::shared_ptr<const SourceIdentity> identity_before;
  bool is_new_generation = false;  // and has no block yet
  std::deque<Sealed> sealed;
  uint32_t open = kNoBlock;
  uint32_t small_blocks = 0;  // taken so far; after a few the source has shown that it says more
  uint64_t events = 0;        // retained, hidden ones too
  uint64_t hidden = 0;
  uint64_t bytes = 0;
  uint64_t applied = 0;
  uint64_t evicted = 0;
  int64_t evicted_until_us = INT64_MIN;  // greatest timestamp ever evicted
  int64_t last_receive_us = 0;
  std::optional<int64_t> eviction_key;  // its place in the order of eviction, if it has one
  RecentEvents recent;
  std::array<Partial, kPartialsMax> partials;
  size_t next_partial = 0;
  std::list<GapRecord> gaps;  // next to none has any, and an empty list costs nothing

  Rate rate;
};

/// What one ring can say about the completeness of an answer.
struct RingNote {
  std::shared_ptr<const SourceIdentity> identity;
  uint64_t evicted = 0;
  int64_t evicted_until_us = INT64_MIN;
  std::vector<Ring::GapRecord> gaps = {};
  bool is_of_gone = false;  ///< of all sources of this name that have no ring any more
};

}  // namespace gasoline::store
