#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gasoline::cli {

/// A timeline's answer as the commands show it. Owns its strings.
struct TimelineAnswer {
  struct Event {
    int64_t timestamp_us = 0;  ///< the corrected one, where there is one
    double confidence = 0;     ///< of an inferred member; 0: it shows the id itself
    std::string level;
    std::string source;
    std::string service;
    std::string message;
    bool is_partial = false;  ///< the line may go on
  };
  struct Source {
    std::string source;
    std::string service;
    uint64_t events = 0;
  };
  struct Truncation {
    std::string source;
    int64_t before_us = 0;

    bool operator==(const Truncation&) const = default;
  };
  struct Gap {
    std::string source;
    int64_t from_us = 0;
    int64_t to_us = 0;
    uint64_t lines = 0;
    uint64_t bytes = 0;
    std::string reason;

    bool operator==(const Gap&) const = default;
  };
  /// Two clocks that differ, and by how much.
  struct Skew {
    std::string clock;
    std::string reference;
    std::string status;
    double median_ms = 0;  ///< positive: the clock is behind its reference
    double ci_low_ms = 0;
    double ci_high_ms = 0;

    bool operator==(const Skew&) const = default;
  };
  std::vector<Event> events;
  std::vector<Skew> skews;
  bool is_corrected = false;  ///< times are corrected for skew
  uint64_t inferences_refused = 0;
  std::string inference_gave_up;
  std::vector<std::string> ids;
  std::vector<Source> sources;
  std::vector<Truncation> truncated;
  std::vector<Gap> gaps;
  std::vector<std::string> candidates;
  std::string next_cursor;
  bool has_stopped_early = false;  ///< a search whose time was over
  uint64_t matched = 0;            ///< of a search that counts all
};

/// Reads the JSON of GET /v1/timeline or /v1/search. Members that are missing count as empty.
Result<TimelineAnswer> read_timeline_answer(std::string_view json);

/// Reads the JSON of one event.
Result<TimelineAnswer::Event> read_event(std::string_view json);

/// The elements of the answer's "events" as they stand in its text, in order.
Result<std::vector<std::string>> raw_events(std::string_view json);

/// The number in {"count":N}; 0 if there is none.
uint64_t read_count(std::string_view json);

/// "detail" (or "title") of an application/problem+json; empty if it is none.
std::string read_problem(std::string_view json);

}  // namespace gasoline::cli
