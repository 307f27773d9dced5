#pragma once

#include <string>
#include <vector>

#include "config/settings.h"

namespace gasoline::config {

/// What another configuration changes.
struct Difference {
  std::vector<std::string> at_once;  ///< keys, of lists as a whole: "backend.logs"
  std::vector<std::string> restart;  ///< keys that count only after a restart
};

Difference difference(const Settings& from, const Settings& to);

/// `wanted`, with what needs a restart left as it is in `running`.
Settings without_restarts(const Settings& running, Settings wanted);

}  // namespace gasoline::config
