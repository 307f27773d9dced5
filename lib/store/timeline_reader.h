#pragma once

#include "base/result.h"
#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// Answers `query` from what the shelf holds now. On any thread.
///
/// Two passes, so that no more than a few blocks are pinned at a time however much is asked: the
/// first chooses the places of the page's events, the second copies them out. An event that is
/// evicted in between is missing from the page, as it would have been a moment later.
Result<Answer> read_timeline(const Shelf& shelf, const Query& query);

}  // namespace gasoline::store
