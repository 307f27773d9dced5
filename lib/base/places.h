#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gasoline {

/// Where things live for one user, by the XDG base directory rules and what to do without them.
struct Places {
  /// The user's home; empty if there is none that is theirs.
  std::string home;
  /// $XDG_STATE_HOME/gasoline, else ~/.local/state/gasoline, else /tmp/gasoline-UID/state.
  std::string state_directory;
  /// The directory of the daemon's socket: $XDG_RUNTIME_DIR/gasoline; else run/ of a state
  /// directory that can be had; else /tmp/gasoline-UID/run.
  std::string runtime_directory;
  /// $XDG_CACHE_HOME/gasoline or ~/.cache/gasoline; empty if there is no home.
  std::string cache_directory;
  /// In memory, so that it outlives a process but not the machine: runtime_directory if that is on
  /// a tmpfs, else /dev/shm/gasoline-UID.
  std::string memory_directory;

  std::string socket_path() const { return runtime_directory + "/gasolined.sock"; }
  std::string spool_directory() const { return state_directory + "/spool"; }
  /// Where wrappers whose spool is under `spool_directory` keep what they have not spooled yet.
  std::string ring_directory(const std::string& spool_directory) const;
  std::string event_log_directory() const { return state_directory + "/events"; }
};

/// Reads one environment variable; nullopt if it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;

/// The variables of this process.
Environment process_environment();

/// Finds the places of the user `uid`. A home that belongs to somebody else (`sudo` that keeps
/// HOME) is not used: files of ours with a foreign owner would lock its owner out. Relative XDG
/// paths are ignored, as that specification demands. Looks at the file system, changes nothing.
Places find_places(const Environment& environment, unsigned uid);

/// Makes `path` and its missing parents, each new one with mode 0700. Succeeds if it exists. In a
/// directory that anybody may write to (/tmp), an existing `path` must be ours and no symbolic
/// link.
Status make_private_directories(const std::string& path);

}  // namespace gasoline
