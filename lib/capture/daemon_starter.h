#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace gasoline::capture {

/// Starts `gasolined --background` once, and reaps what it started.
///
/// The daemon gets a session of its own, no descriptor of ours and only the variables that it
/// needs, so that every pipe which we inherited reaches its end when we exit. Ten starters at once
/// end with one daemon: the daemon's own lock sees to that. One thread at a time.
class DaemonStarter {
 public:
  /// `program`: a path, or a name to be looked up in PATH.
  explicit DaemonStarter(std::string program) : program_(std::move(program)) {}
  ~DaemonStarter();
  DaemonStarter(const DaemonStarter&) = delete;
  DaemonStarter& operator=(const DaemonStarter&) = delete;

  bool was_tried() const { return was_tried_; }
  /// Does not wait for the daemon to be ready.
  Status start();
  /// Reaps the daemon's short-lived first process if it has ended.
  void reap();

 private:
  const std::string program_;
  bool was_tried_ = false;
  pid_t pid_ = -1;
};

/// The daemon's program: beside this one if it is there, else "gasolined" for PATH to find.
std::string find_daemon_program();

}  // namespace gasoline::capture
