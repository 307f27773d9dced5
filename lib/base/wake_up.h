#pragma once

#include <atomic>
#include <cstdint>

#include "base/file_descriptor.h"

namespace gasoline {

/// Lets one thread sleep until another has something for it. notify() costs a system call only while
/// the other sleeps, so that a busy pair never pays for it. Calls before a wait are remembered.
class WakeUp {
 public:
  WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  /// Wakes the waiter, now or at its next wait. Any thread.
  void notify();
  /// Sleeps until notify() or for `timeout_us` (negative: without limit). May return early for a
  /// notice that an earlier wait has taken already: look again. One thread only.
  /// Also returns when `other_fd`, unless it is negative, has something to read.
  void wait(int64_t timeout_us, int other_fd = -1);

 private:
  FileDescriptor fd_;
  std::atomic<bool> pending_{false};
  std::atomic<bool> sleeping_{false};
};

}  // namespace gasoline
