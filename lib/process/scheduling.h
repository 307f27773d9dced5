#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace gasoline::process {

/// Lets the thread that makes it run soon after it wakes, on a busy machine too: a thread that
/// stamps times must not stamp its own delay.
///
/// On a busy machine it asks for the lowest real-time priority where the process may have one
/// (root, RLIMIT_RTPRIO); else for the shortest slice of the fair scheduler, which any user may have
/// (Linux 6.12, sched_setattr(2), sched_runtime of SCHED_OTHER). Where neither is to be had nothing
/// changes.
///
/// On an idle one it asks for nothing: it would only take the CPU from whoever wakes it, who else
/// goes to sleep at once and leaves it, and its caches, to us; or the kernel wakes another CPU
/// instead. Either makes the way of a line some 20 us longer. Busy is a machine whose threads waited
/// for a CPU during more than a tenth of the last ten seconds (/proc/pressure/cpu; Linux,
/// Documentation/accounting/psi.rst), one that does not tell, and one that made us wait, or
/// interrupted us, just now.
///
/// For threads that wait for others most of the time; never inherited by a child.
class ShortDelays {
 public:
  static constexpr int64_t kDelayUsMax = 100;     ///< longer: the machine is busy ...
  static constexpr int64_t kHoldUs = 10'000'000;  ///< ... for so long at least
  static constexpr int64_t kLookUs = 1'000'000;   ///< then a look each second

  /// `pressure_path` is for tests.
  explicit ShortDelays(std::string pressure_path = "/proc/pressure/cpu");
  /// The thread has woken at `now_us` (monotonic), and waited for a CPU before for `delay_us`;
  /// nothing if it was interrupted (WakeUpDelay).
  void note_wake_up(std::optional<int64_t> delay_us, int64_t now_us);
  bool are_asked_for() const { return are_asked_for_; }

 private:
  bool is_machine_busy() const;
  void set(bool asks);

  std::string pressure_path_;
  bool are_asked_for_ = false;
  int64_t next_look_us_ = 0;
};

/// Asks the scheduler never to interrupt a running thread for the calling one when that wakes
/// (SCHED_BATCH, sched(7)); its share of the CPU stays the same. For work that nobody waits for, so
/// that it does not delay those who do. Inherited by threads and processes that it starts.
void avoid_interrupting_others();

}  // namespace gasoline::process
