#pragma once

#include <vector>

#include "store/page.h"
#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// Appends the events at `places`, in this order, to answer.events; their bytes go into
/// answer.arena. Pins a few blocks at a time. What was evicted since its place was noted is left
/// out. `arrivals`, if given, gets the arrival number of each that was copied.
void copy_events(const Shelf& shelf, const std::vector<Place>& places, Answer& answer,
                 std::vector<uint64_t>* arrivals = nullptr);

}  // namespace gasoline::store
