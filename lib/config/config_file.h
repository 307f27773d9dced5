#pragma once

#include <optional>
#include <string>

#include "base/places.h"
#include "config/configuration.h"

namespace gasoline::config {

/// Where the configuration of a user is: $XDG_CONFIG_HOME/gasoline/config.yaml, else
/// ~/.config/gasoline/config.yaml, else ~/.gasoline/config.yaml, the first that exists. Without
/// any, the first place where one would be found; empty if there is no home.
struct ConfigPlace {
  std::string path;
  bool exists = false;
};
ConfigPlace find_config_file(const Environment& environment, const Places& places);

/// Reads the file at `path`, which must exist; an empty path is an empty file without a name. What
/// is wrong, also with reading, is among the errors.
Reading read_config_file(const std::string& path, const Known& known,
                         const std::vector<Override>& overrides = {});

}  // namespace gasoline::config
