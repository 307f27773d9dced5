#pragma once

#include <string>
#include <string_view>

#include "store/query.h"

namespace gasoline::daemon {

/// The JSON of a timeline (docs/API.md, schema Timeline). `clock_skew` is JSON.
std::string timeline_json(const store::Answer& answer, std::string_view clock_skew);
/// The JSON of a search (schema SearchResult).
std::string search_json(const store::SearchAnswer& answer, bool counts_all = false);

}  // namespace gasoline::daemon
