#pragma once

#include <string>
#include <vector>

#include "base/places.h"
#include "config/configuration.h"
#include "understand/rules.h"

namespace gasoline::setup {

/// Which file to read the configuration from.
struct ConfigChoice {
  std::string path;           ///< empty: the one in the usual place, if there is one
  bool reads_any = true;      ///< false: none at all
  std::vector<config::Override> overrides;
};

/// The configuration of this user as gasolined and gasoline read it, checked against all that they
/// know, such as the kinds of secrets.
config::Reading read_configuration(const ConfigChoice& choice, const Environment& environment,
                                   const Places& places);

/// What the settings say of understanding. The key of masks and the cache are the caller's.
understand::Options understanding_options(const config::Settings& settings);

}  // namespace gasoline::setup
