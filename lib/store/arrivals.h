#pragma once

#include <cstdint>
#include <vector>

#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// Fills `to` from the events whose arrival number is `from` or greater, in order of arrival, at
/// most `events_max` of them. On any thread; locks and pins as read_timeline().
void read_arrivals(const Shelf& shelf, uint64_t from, size_t events_max, Arrivals& to);

}  // namespace gasoline::store
