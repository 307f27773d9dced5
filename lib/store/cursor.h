#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/query.h"

namespace gasoline::store {

/// The place of an event in every timeline: by timestamp, ties by arrival.
struct Position {
  int64_t timestamp_us = INT64_MIN;
  uint64_t arrival = 0;

  auto operator<=>(const Position&) const = default;
};

/// What a cursor goes on with: each kind has a mark of its own, so that one is not taken for another.
enum class CursorKind { kTimeline, kSearch, kSearchIgnoringCase };

/// A cursor is the kind's mark ("1.", "s1.", "i1.") and three hexadecimal numbers joined by dots: the
/// timestamp and the arrival number of the last event given, and a hash of the filters, so that it
/// is not used with others. It holds nothing in the store: it stays good while events come and go.
std::string format_cursor(const Position& last, const Query& query,
                          CursorKind kind = CursorKind::kTimeline);

/// The cursor that goes on behind event `i` of the answer to `query`.
inline std::string cursor_behind(const Answer& answer, size_t i, const Query& query,
                                 CursorKind kind = CursorKind::kTimeline) {
  return format_cursor({answer.events[i].timestamp_us, answer.arrivals[i]}, query, kind);
}

/// Where to go on after; none for an empty cursor. Error::kInvalid for any other text that
/// format_cursor would not have made for this query.
Result<std::optional<Position>> parse_cursor(const Query& query,
                                             CursorKind kind = CursorKind::kTimeline);

}  // namespace gasoline::store
