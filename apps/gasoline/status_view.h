#pragma once

#include <string_view>

#include "base/result.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// Shows the JSON of GET /v1/status in words: what the daemon does, what is wrong, what to do.
Result<View> render_status(std::string_view json, const ViewOptions& options);

/// Shows the JSON of GET /v1/stats: the daemon's counters, one per line.
Result<View> render_stats(std::string_view json, const ViewOptions& options);

}  // namespace gasoline::cli
