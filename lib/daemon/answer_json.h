#pragma once

#include <string>

#include "store/query.h"

namespace gasoline::daemon {

/// The JSON of a timeline (docs/API.md, schema Timeline).
std::string timeline_json(const store::Answer& answer);
/// The JSON of a search (schema SearchResult).
std::string search_json(const store::SearchAnswer& answer);

}  // namespace gasoline::daemon
