#pragma once

#include <vector>

#include "store/event_filter.h"
#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// How far an id's events may reach before the first that is still there, when it is judged whether
/// eviction may have taken some.
inline constexpr int64_t kRequestSpanUs = int64_t{10} * 60 * 1'000'000;

/// Fills answer.sources from answer.events.
void describe_sources(Answer& answer);

/// Fills answer.truncated and answer.gaps.
///
/// For a time range these are the evictions and gaps of all sources asked for that lie within it.
/// For an id, which has no range of its own, gaps count where they overlap the answer's events in
/// one of its sources, and evictions where they reach past ten minutes before its first event (any
/// eviction at all if there is no event).
void describe_completeness(const std::vector<RingNote>& notes, const EventFilter& filter,
                           bool by_id, Answer& answer);

}  // namespace gasoline::store
