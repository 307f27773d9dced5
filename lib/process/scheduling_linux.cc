#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "process/scheduling.h"

namespace gasoline::process {
namespace {

/// struct sched_attr of linux/sched/types.h, version 0; glibc 2.36 does not declare it.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;
  uint64_t deadline = 0;
  uint64_t period = 0;
};

constexpr uint64_t kShortestSliceNs = 100'000;

}  // namespace

void prefer_short_delays() {
  sched_param lowest_realtime{};
  lowest_realtime.sched_priority = 1;
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest_realtime) == 0) return;
  // A real-time thread's sleeps end in time; let a fair one's do so too.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  SchedulingAttributes attributes;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);
  attributes.runtime = kShortestSliceNs;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

void avoid_interrupting_others() {
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_BATCH, &none);
}

}  // namespace gasoline::process
