#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace gasoline::process {

/// A process that waits for the other end of a connection to be closed, and then becomes the keeper
/// that start_keeper() would have made of it. It finds there what was sent meanwhile.
///
/// For the time in which nobody better is at hand: to start it takes 0.05 ms, because it shares our
/// memory (clone(2) with CLONE_VM) instead of copying it or running a program of its own. It does
/// not share our descriptors, nor our death by SIGKILL; but what the kernel kills for want of memory
/// it kills together with all who share that memory. One thread at a time.
class WaitingKeeper {
 public:
  WaitingKeeper();
  /// As dismiss().
  ~WaitingKeeper();
  WaitingKeeper(const WaitingKeeper&) = delete;
  WaitingKeeper& operator=(const WaitingKeeper&) = delete;

  /// `program`: see find_keeper_program(); ENOENT if it is for PATH to find. `connection` is the
  /// process's own from here on, and not closed here. Dismisses the one before.
  Status start(const std::string& program, int connection);
  bool is_there() const { return pid_ > 0; }
  /// It ends, whatever becomes of the connection. Waits for that, and reaps it.
  void dismiss();
  /// Likewise, for a process that is about to end itself: waits for nothing.
  void leave_behind();

 private:
  struct Shared;
  static int wait_and_become(void* shared);

  std::unique_ptr<Shared> shared_;
  pid_t pid_ = -1;
};

}  // namespace gasoline::process
