#pragma once

#include <cstdint>
#include <optional>

#include "base/file_descriptor.h"

namespace gasoline::process {

/// How long a thread that slept for something waited for a CPU after it had come: on a busy machine
/// milliseconds, and a time stamped by the thread is late by that much. The kernel counts the wait
/// (/proc/PID/schedstat: nanoseconds run, nanoseconds waited while runnable, times run; Linux,
/// Documentation/scheduler/sched-stats.rst).
///
/// For one thread, the one that calls it. Where the kernel does not tell (not Linux, no
/// CONFIG_SCHED_INFO, no /proc) every delay is 0.
class WakeUpDelay {
 public:
  /// To be called by the thread that will sleep.
  WakeUpDelay();

  void before_sleep();
  /// The wait at the end of the sleep since before_sleep(), in microseconds; 0 if the thread did
  /// not sleep, nothing if it was also interrupted, so that the two waits cannot be told apart.
  std::optional<int64_t> after_sleep_us() const;

 private:
  struct Account {
    int64_t waited_ns = 0;
    int64_t sleeps = 0;         // voluntary context switches
    int64_t interruptions = 0;  // involuntary ones: the CPU was taken away, not given up
  };
  bool read_account(Account& account) const;

  FileDescriptor schedstat_;
  Account before_;
  bool is_known_ = false;
};

}  // namespace gasoline::process
