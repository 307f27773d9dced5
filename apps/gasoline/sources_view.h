#pragma once

#include <string_view>

#include "base/result.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// Shows the JSON of GET /v1/sources, busiest first on a terminal. `now_us` is for "3 s ago".
/// In a pipe: "SOURCE RUN EVENTS LAST-TIME" with "-" for no run.
Result<View> render_sources(std::string_view json, const ViewOptions& options, long long now_us);

}  // namespace gasoline::cli
