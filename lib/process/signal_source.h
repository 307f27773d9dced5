#pragma once

#include <sys/types.h>

#include <optional>
#include <span>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::process {

/// One signal that was taken, and who sent it.
struct SignalInfo {
  int number = 0;
  bool from_kernel = false;  ///< by the terminal or the kernel, and so to our whole group
  pid_t sender = 0;          ///< 0 when the kernel sent it
};

/// Takes signals as data instead of interrupting a thread.
///
/// libuv's signal watchers do not say who sent a signal, and that decides whether the child has had
/// it already. create() blocks the signals in the calling thread, so make it before any other
/// thread starts: threads inherit the mask. Destruction leaves them blocked.
class SignalSource {
 public:
  static Result<SignalSource> create(std::span<const int> signals);

  /// Readable when a signal waits.
  int fd() const { return fd_.get(); }
  /// The next signal that waits, if any. Never blocks.
  std::optional<SignalInfo> take();

 private:
  explicit SignalSource(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

/// Stops this process by `signal_number`, one of those that stop, with its default action, and
/// returns when it has been continued. By SIGTSTP, SIGTTIN and SIGTTOU the kernel stops no member
/// of an orphaned group: then it returns at once.
void suspend_self(int signal_number);

/// The signals' dispositions as we found them: true for one that was ignored at our start.
bool was_ignored_at_start(int signal_number);

}  // namespace gasoline::process
