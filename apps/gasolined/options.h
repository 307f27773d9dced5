#pragma once

#include <string>

#include "base/places.h"
#include "base/result.h"
#include "config/configuration.h"
#include "daemon/daemon.h"

namespace gasoline::daemon_app {

/// What the command line of gasolined says.
struct Options {
  std::vector<config::Override> overrides;  ///< settings that the command line names
  std::string config_path;  ///< "--config", absolute; empty: the usual place, if there is a file
  bool reads_config = true;
  int64_t lock_timeout_us = 0;  ///< how long to wait for another gasolined to end
  bool is_background = false;
  bool show_help = false;
  bool show_version = false;
};

/// Reads the options. An Error says in one line what is wrong and what is accepted.
Result<Options> parse_options(int argc, const char* const* argv);

/// The configuration file as it is now, with what the command line says on top. Called again for
/// every reload. Without a file in the usual place there are defaults.
config::Reading read_configuration(const Options& options, const Environment& environment,
                                   const Places& places);

/// Fills in where things are: as the configuration says, else the usual places.
void resolve_places(const Places& places, daemon::Daemon::Options& options);

/// The log file of the background form.
std::string log_path(const daemon::Daemon::Options& options);

/// The text of --help.
std::string help_text();

}  // namespace gasoline::daemon_app
