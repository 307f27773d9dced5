#pragma once

#include <string>

#include "base/places.h"
#include "base/result.h"
#include "daemon/daemon.h"

namespace gasoline::daemon_app {

/// What the command line of gasolined says.
struct Options {
  daemon::Daemon::Options daemon;
  std::string log_path;  ///< of the background form; empty: the default place
  bool is_background = false;
  bool is_verbose = false;
  bool show_help = false;
  bool show_version = false;
};

/// Reads the options; places that they do not name come from `places`. An Error says in one line
/// what is wrong and what is accepted.
Result<Options> parse_options(int argc, const char* const* argv, const Places& places);

/// The text of --help.
std::string help_text();

}  // namespace gasoline::daemon_app
