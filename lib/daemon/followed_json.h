#pragma once

#include <string>
#include <vector>

#include "daemon/handlers.h"
#include "daemon/sources.h"

namespace gasoline::daemon {

/// What the sources follow, as an array of JSON for /v1/status. Of each at most kFollowedShownMax
/// files or containers are told, those with a problem first; "count" has all.
inline constexpr size_t kFollowedShownMax = 200;
std::string followed_json(const std::vector<Sources::Status>& sources);

/// What of it a person can mend; at most a few for each source.
void add_followed_problems(const std::vector<Sources::Status>& sources,
                           std::vector<Problem>& problems);

}  // namespace gasoline::daemon
