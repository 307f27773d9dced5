#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "event/event.h"

namespace gasoline::store {

/// What a timeline is asked for. Empty fields do not filter.
struct Query {
  static constexpr uint32_t kLimitMax = 10'000;

  std::string correlation_id;        ///< empty: a time range; else an id or a scoped id
  std::vector<std::string> sources;  ///< any of: a source's name ("stdout:auth") or kind ("stdout")
  std::vector<std::string> services;  ///< any of
  std::string run_id;
  std::string project;  ///< of the source's tag project:X
  std::optional<event::Level> level_min;
  std::optional<int64_t> start_us;  ///< by timestamp, inclusive
  std::optional<int64_t> end_us;    ///< by timestamp, exclusive
  std::string text;                 ///< substring of the message, ASCII case ignored
  bool include_inferred = false;    ///< events without an id that probably belong to the request
  uint32_t limit = 1000;            ///< clamped to 1..kLimitMax
  std::string cursor;               ///< next_cursor of the answer before, same filters
};

/// One page of a timeline, and how complete it is. Owns everything that its views point into.
struct Answer {
  struct SourceName {
    std::string source;
    std::string service;
    uint64_t events = 0;  ///< in this page
  };
  /// The ring has evicted events that may have belonged to the answer.
  struct Truncation {
    std::string source;
    int64_t before_us = 0;  ///< what it holds from here on is complete
  };
  /// Lines that were never captured, as the gap event of their source tells.
  struct Gap {
    std::string source;
    std::string run_id;
    int64_t from_us = 0;
    int64_t to_us = 0;
    uint64_t lines = 0;
    uint64_t bytes = 0;
    std::string reason;
  };

  /// What is known of one event beyond what it says.
  struct Extra {
    double confidence = 0;  ///< of an inferred member; 0: it shows the id itself
    std::string reason;     ///< why it was inferred
    std::optional<int64_t> corrected_us;  ///< its time by the reference clock
  };
  /// How inferring went; without a query for it, nothing.
  struct InferenceNote {
    size_t considered = 0;
    size_t refused = 0;   ///< of these, events that another request fits as well
    std::string gave_up;  ///< why nothing was inferred at all
  };

  std::vector<event::Event> events;  ///< by timestamp, ties by arrival
  std::vector<uint64_t> arrivals;    ///< of each, its number in order of arrival
  std::vector<Extra> extras;         ///< one for each of `events`, or none at all
  std::optional<InferenceNote> inference;
  std::vector<std::string> ids;      ///< the id asked for, then those linked to it
  std::vector<SourceName> sources;
  std::vector<Truncation> truncated;
  std::vector<Gap> gaps;
  std::string next_cursor;              ///< empty: nothing follows
  std::vector<std::string> candidates;  ///< scoped ids to choose from; then there are no events

  std::unique_ptr<Arena> arena;                         ///< holds the bytes of events
  std::vector<std::shared_ptr<const void>> kept_alive;  ///< holds the strings shared by a source
};

/// A search by expression: all of a Query's filters, with its text as the expression.
struct Search {
  Query query;
  bool ignores_case = false;
  bool counts_all = false;  ///< looks at everything, also behind the events that it answers
  int64_t time_box_us = 1'000'000;  ///< then it stops at the next place from which it can go on
};

struct SearchAnswer {
  Answer page;  ///< events newest first, ties by arrival; gaps and truncations as of a time range
  uint64_t events_searched = 0;
  uint64_t events_matched = 0;  ///< of these, those that match; not only those of the page
  bool is_complete = true;  ///< false: the time was over; page.next_cursor goes on
  int64_t from_us = INT64_MIN;  ///< all events from here on (up to the cursor) were looked at
};

/// Events in the order in which they arrived.
struct Arrivals {
  Answer page;  ///< only events, their arrivals, arena and kept_alive are used
  uint64_t from = 0;
  uint64_t next = 0;     ///< go on with this number
  uint64_t evicted = 0;  ///< of those numbers, events that were gone already
};

}  // namespace gasoline::store
