#pragma once

#include <vector>

#include "base/result.h"
#include "store/id_links.h"
#include "store/query.h"

namespace gasoline::store {

/// What `query.correlation_id` stands for: the id and those linked to it. Fills answer.ids; where
/// the id is too short to be unique it fills answer.candidates instead, and there are no terms.
/// Error::kInvalid for what cannot be an id.
Result<std::vector<IdTerm>> terms_of_asked_id(const Shelf& shelf, const EventFilter& filter,
                                              const Query& query, Answer& answer);

/// Blocks that may hold events of any of the terms, each once.
std::vector<uint32_t> blocks_of_terms(const Shelf& shelf, const std::vector<IdTerm>& terms);

/// may_show() for any of the terms.
bool may_show_any(const Entry& entry, const std::vector<IdTerm>& terms);
/// True if the event belongs to one of the terms.
bool shows_any(const event::Event& event, const std::vector<IdTerm>& terms);

}  // namespace gasoline::store
