#pragma once

#include <vector>

#include "store/page.h"
#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// Appends the events at `places`, in this order, to answer.events and arrivals; their bytes go into
/// answer.arena. Pins a few blocks at a time. What was evicted since its place was noted is left
/// out, and parts of joined events that arrived at `arrival_limit` or later.
void copy_events(const Shelf& shelf, const std::vector<Place>& places, Answer& answer,
                 uint64_t arrival_limit = UINT64_MAX);

}  // namespace gasoline::store
