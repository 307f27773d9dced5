#pragma once

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::daemon_app {

/// Goes into the background before any thread exists: a session of its own, cwd /, umask 077, stdin
/// from /dev/null, and a log file (which is put aside as .1 when it has passed 10 MiB).
///
/// The process that was started stays until report() is called in the background and then ends with
/// its argument as exit code, so that a script knows whether the daemon came up. Until then stderr
/// is still the user's; from then on both output streams are the log file.
class Background {
 public:
  static Result<Background> enter(const std::string& log_path);

  int log_fd() const { return log_.get(); }
  /// Tells the waiting process how it went. Once.
  void report(int exit_code);

 private:
  Background(FileDescriptor pipe, FileDescriptor log)
      : pipe_(std::move(pipe)), log_(std::move(log)) {}
  FileDescriptor pipe_;
  FileDescriptor log_;
};

/// Writes our pid, followed by a line feed, to `path`, replacing it.
Status write_pid_file(const std::string& path);

}  // namespace gasoline::daemon_app
