#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::process {

/// How a child is to be started. Descriptors are borrowed for the call.
struct ChildOptions {
  static constexpr int kInherit = -1;  ///< the child gets what we have under that number
  static constexpr int kClosed = -2;   ///< the child gets nothing under that number

  std::vector<std::string> arguments;    ///< arguments[0] is looked up in PATH
  std::vector<std::string> environment;  ///< NAME=value, complete
  int stdin_fd = kInherit;
  int stdout_fd = kInherit;
  int stderr_fd = kInherit;
  bool new_group = false;                 ///< leader of a process group of its own
  bool new_session = false;               ///< leader of a session of its own, without a terminal
  bool ignores_sigpipe = false;           ///< as found at our own start, before we ignored it
  const sigset_t* signal_mask = nullptr;  ///< borrowed; null: nothing is blocked
  bool ignores_sigchld = false;           ///< likewise, before we took notice of our children
  bool close_others = false;              ///< gets no descriptor beyond the three
};

/// As exec(2) wants them, ending with a null; good as long as `texts` is.
std::vector<char*> pointers_to(const std::vector<std::string>& texts);

/// Starts a child and returns its pid; the caller reaps it.
///
/// The child gets the signal mask and the dispositions that this process was started with: a signal
/// that was ignored then (nohup) stays ignored in the child. That is why this is posix_spawn and
/// not uv_spawn, which resets every disposition. A script without "#!" runs under /bin/sh, as a
/// shell would run it. Error::code is ENOENT for "not found" and EACCES and others for "not
/// executable".
Result<pid_t> spawn(const ChildOptions& options);

/// A real pipe, both ends close-on-exec and blocking. Never a socket pair: a child must be able to
/// open /dev/stdout, and a pipe is twice as fast for a program that writes line by line.
struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};
Result<Pipe> make_pipe();

/// Makes sure that 0, 1 and 2 are taken, by /dev/null where we were started without one, so that no
/// descriptor of ours can come to stand for a stream. Returns which were closed.
struct ClosedStreams {
  bool stdin_closed = false;
  bool stdout_closed = false;
  bool stderr_closed = false;
};
ClosedStreams occupy_standard_streams();

/// What became of a child.
struct ChildEnd {
  bool by_signal = false;
  int code = 0;  ///< the exit code, or the signal's number
};

/// Reaps `pid` if it has ended. False while it runs. Never blocks.
bool reap(pid_t pid, ChildEnd& end);

/// The signal by which `pid` was stopped since the last call, if it was and is stopped still. Never
/// blocks, never reaps.
std::optional<int> take_stop(pid_t pid);

/// Ends this process as `end` says: by the same exit code, or by the same signal with its default
/// action restored, so that our parent sees what it would see without us. Writes no core of our
/// own.
[[noreturn]] void end_like(const ChildEnd& end);

}  // namespace gasoline::process
