#pragma once

#include <cstdint>
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

/// A cursor is "1." and three hexadecimal numbers joined by dots: the timestamp and the arrival
/// number of the last event given, and a hash of the filters, so that it is not used with others.
/// It holds nothing in the store: it stays good while events come and go.
std::string format_cursor(const Position& last, const Query& query);

/// Where to go on after; before everything for an empty cursor. Error::kInvalid for any other text
/// that format_cursor would not have made for this query.
Result<Position> parse_cursor(const Query& query);

}  // namespace gasoline::store
