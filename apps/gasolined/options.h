#pragma once

#include <string>

#include "base/places.h"
#include "base/result.h"
#include "daemon/daemon.h"
#include "setup/setup.h"

namespace gasoline::daemon_app {

/// What the command line of gasolined says.
struct Options {
  setup::ConfigChoice config;
  int64_t lock_timeout_us = 0;  ///< how long to wait for another gasolined to end
  bool is_background = false;
  bool show_help = false;
  bool show_version = false;
};

/// Reads the options. An Error says in one line what is wrong and what is accepted.
Result<Options> parse_options(int argc, const char* const* argv);

/// Fills in where things are: as the configuration says, else the usual places.
void resolve_places(const Places& places, daemon::Daemon::Options& options);

/// The log file of the background form.
std::string log_path(const daemon::Daemon::Options& options);

/// The text of --help.
std::string help_text();

}  // namespace gasoline::daemon_app
