#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/live.h"
#include "base/result.h"
#include "event/event.h"
#include "pattern/text_matcher.h"
#include "store/query.h"

namespace gasoline::store {

/// The bounds of the store's memory. Times are of receipt.
struct Options {
  Live<uint64_t> events_max = 2'000'000;
  Live<uint64_t> bytes_max = uint64_t{512} << 20;  ///< resident: events, indexes and free blocks
  Live<int64_t> ttl_us = int64_t{24} * 3600 * 1'000'000;
  uint64_t floor_events = 1000;      ///< what a source keeps whatever the others write:
  uint64_t floor_bytes = 256 << 10;  ///< so many events or bytes, whichever is less
  uint32_t block_bytes = 32 << 10;   ///< what is packed and evicted at once; 4 KiB to 4 MiB
  uint64_t warm_bytes = 16 << 20;    ///< of full blocks that are not packed yet
  uint64_t unpacked_bytes = 8 << 20;  ///< of packed blocks that queries keep unpacked
};

/// One ring, as it is now.
struct SourceStats {
  std::string name;  ///< "stdout:auth"; two runs of one service share it
  event::SourceKind kind = event::SourceKind::kApi;
  std::string service;
  std::string run_id;    ///< of gasoline-run; of a followed file its generation read last
  std::string place;     ///< "path:/x/app.log": where it is, if that tells it from others
  uint64_t events = 0;   ///< retained and visible
  uint64_t bytes = 0;    ///< of events and their entries
  uint64_t applied = 0;  ///< ever
  uint64_t evicted = 0;
  int64_t first_us = 0;  ///< least and greatest timestamp retained; 0 without events
  int64_t last_us = 0;
  int64_t last_receive_us = 0;
  double events_per_second = 0;  ///< over the last whole ten seconds
  uint64_t gaps = 0;             ///< retained: lines that were never captured
  uint64_t gap_lines = 0;        ///< in these, as far as it is known how many
  int64_t last_gap_us = 0;
  std::string last_gap_reason = {};
};

/// Totals. All but the gauges of the first group only grow.
struct Stats {
  uint64_t events = 0;
  uint64_t resident_bytes = 0;
  uint64_t sources = 0;
  uint64_t blocks = 0;
  uint64_t packed_blocks = 0;  ///< of the blocks
  uint64_t packed_bytes = 0;   ///< of these, as they are kept
  uint64_t warm_bytes = 0;     ///< of full blocks that are not packed
  uint64_t unpacked_bytes = 0;  ///< of copies for queries
  uint64_t ids = 0;  ///< correlation ids indexed; for a second also some whose events are gone
  uint64_t postings = 0;
  uint64_t event_ids = 0;  ///< known for deduplication

  uint64_t applied = 0;
  uint64_t deduplicated = 0;
  uint64_t replaced = 0;  ///< partial events that gave way to their completed line
  uint64_t joined = 0;    ///< events that are shown as part of the one they continue
  uint64_t unpacked_hits = 0;    ///< packed blocks that a query found unpacked
  uint64_t unpacked_misses = 0;  ///< and that it had to unpack
  uint64_t evicted_by_count = 0;
  uint64_t evicted_by_bytes = 0;
  uint64_t evicted_by_ttl = 0;
  uint64_t evicted_below_floor = 0;  ///< of these, from sources that had no more than their floor
};

class Shelf;

/// The newest events of every source in bounded memory, indexed by correlation id.
///
/// A view of the event log: it can be rebuilt from it by applying the log's events again, in order.
/// One ring per source keeps a chatty source from pushing out a quiet one; a followed file is one
/// source, however often it is rotated. One thread at a time
/// writes (apply, expire); any number of threads ask. Both sides share a lock that the writer holds
/// for some tens of events or one evicted block, and a reader for the copy of a list of blocks.
class Store {
 public:
  /// `clock` must outlive the store.
  Store(const Options& options, const Clock& clock);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Takes events in their order of arrival and copies what it keeps. Cannot fail: it evicts. An
  /// event whose event_id is retained already is dropped and counted.
  void apply(std::span<const event::Event> events);
  /// Moves the live bounds to those of `options`; what is over them goes with the next apply() or
  /// expire(). Any thread.
  void set_bounds(const Options& options);
  /// Drops what is past its TTL; apply() does so too, once a second. For the writer's thread.
  void expire();

  /// Error::kInvalid for a cursor of another query or of no form of ours, or for an id that cannot
  /// be one. Nothing found is an empty answer.
  Result<Answer> timeline(const Query& query) const;

  /// Events whose message `matcher`, made from search.query.text, finds; newest first. `matcher` is
  /// this call's alone. Errors as of timeline().
  Result<SearchAnswer> search(const Search& search, const pattern::TextMatcher& matcher) const;

  /// Events as they arrive are numbered, by one store in one process; the number of the next one.
  uint64_t next_arrival() const;
  /// Where to go on for somebody who has everything that was received before this time: what
  /// arrivals() gives from there on may begin with older events.
  uint64_t arrival_since(int64_t receive_us) const;
  /// At most `events_max` events from the number `from` on, in order of arrival, into `to`.
  void arrivals(uint64_t from, size_t events_max, Arrivals& to) const;

  /// By name, then run. Sources whose events are all gone are one of those without events and
  /// without a run, for all of one name.
  std::vector<SourceStats> sources() const;
  Stats stats() const;
  /// True if an event of this id is retained.
  bool contains(std::string_view event_id) const;

 private:
  std::unique_ptr<Shelf> shelf_;
};

}  // namespace gasoline::store
