#pragma once

#include "base/result.h"
#include "pattern/text_matcher.h"
#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// Answers `search` from what the shelf holds now. On any thread, and one more of its own while there
/// are many blocks to look at; locks and pins as read_timeline().
///
/// Blocks are looked at in the order of their newest event. When the time is over it stops before
/// the next block and answers what is newer than that block's newest event, so that nothing older
/// can be missing from a page. It never stops without having got past where it began: however
/// small the time box, asking again and again comes to an end.
Result<SearchAnswer> read_search(const Shelf& shelf, const Search& search,
                                 const pattern::TextMatcher& matcher);

}  // namespace gasoline::store
