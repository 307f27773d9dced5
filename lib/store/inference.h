#pragma once

#include <string>
#include <vector>

#include "store/event_filter.h"
#include "store/id_links.h"
#include "store/page.h"
#include "store/shelf.h"

namespace gasoline::store {

/// An event that shows no id and probably belongs to a request all the same.
struct InferredMember {
  Place place;
  double confidence = 0;
  std::string reason;
};

struct Inference {
  std::vector<InferredMember> members;
  size_t considered = 0;  ///< events without an id that something spoke for
  size_t refused = 0;     ///< of these, those that another request fits as well
  std::string gave_up;    ///< why nothing was inferred at all; empty if something could be
};

/// Looks for events without an id that belong to the request of `terms`:
///
/// - said by the same thread, or else process, or else logger, of the same service, between two
///   events of the request by that actor; or
/// - with the same method and path within 100 ms of an event of the request.
///
/// Refuses where another request fits as well. Of a thread, that is one that shows its id in between;
/// processes and loggers serve many at once, so there it is any whose events, with some slack on both
/// sides, reach over the moment. A method and path are refused if another request, or another line
/// of the same kind, has them near that moment.
///
/// `filter` says what the answer may hold; what speaks for and against is looked for among all
/// events. Bounded: a request of over 10 minutes, or with over 100,000 events around it, is given up.
Inference infer_members(const Shelf& shelf, const EventFilter& filter,
                        const std::vector<IdTerm>& terms);

}  // namespace gasoline::store
