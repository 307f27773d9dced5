#pragma once

#include <cstdint>
#include <string>

#include "store/block.h"
#include "store/cursor.h"
#include "store/query.h"

namespace gasoline::store {

/// The filters of one query, cheapest first: by source, by entry, by event. Immutable.
class EventFilter {
 public:
  /// `query` must outlive it. `after`: events at or before it are left out.
  /// `arrival_limit` and `receive_cutoff_us` bound what this query sees, see Shelf.
  EventFilter(const Query& query, const Position& after, uint64_t arrival_limit,
              int64_t receive_cutoff_us);

  bool admits(const SourceIdentity& identity) const;
  /// True if it may admit some generation of the source.
  bool admits_some_of(const SourceIdentity& identity) const;
  /// True if only the run that is asked for is a reason to say no.
  bool admits_but_run(const SourceIdentity& identity) const;
  bool is_of_one_run() const { return !query_.run_id.empty(); }
  /// `first_arrival` is that of the entry's block.
  bool admits(uint64_t first_arrival, const Entry& entry) const {
    return entry.level >= level_min_ && entry.timestamp_us >= start_us_ &&
           entry.timestamp_us < end_us_ && entry.visible(first_arrival, arrival_limit_) &&
           Position{entry.timestamp_us, first_arrival + entry.arrival_delta} > after_;
  }
  bool admits(const Block& block, const Entry& entry) const {
    return admits(block.first_arrival, entry);
  }
  /// True if an event's level is no reason to leave it out.
  bool admits_all_levels() const {
    return level_min_ == static_cast<uint8_t>(event::Level::kDebug);
  }
  /// True if admits(event) can say no: then the event must be decoded.
  bool needs_event(bool aging) const { return aging || !text_.empty(); }
  bool admits(const event::Event& event) const;
  bool is_past_ttl(const event::Event& event) const {
    return event.receive_time_us < receive_cutoff_us_;
  }

  const Position& after() const { return after_; }
  uint64_t arrival_limit() const { return arrival_limit_; }
  int64_t start_us() const { return start_us_; }
  int64_t end_us() const { return end_us_; }

 private:
  const Query& query_;
  const Position after_;
  const uint64_t arrival_limit_;
  const int64_t receive_cutoff_us_;
  const int64_t start_us_;
  const int64_t end_us_;
  const uint8_t level_min_;
  const std::string text_;  // in lower case
};

/// True if `text` holds `lower_needle`, which is in lower case; ASCII case ignored.
bool contains_ignoring_case(std::string_view text, std::string_view lower_needle) noexcept;

}  // namespace gasoline::store
