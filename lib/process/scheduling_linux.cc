#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/file_descriptor.h"
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
constexpr uint64_t kResetOnFork = 1;  // SCHED_FLAG_RESET_ON_FORK

/// `slice_ns` 0: the usual one.
void be_fair(uint64_t slice_ns) {
  SchedulingAttributes attributes;
  attributes.flags = kResetOnFork;
  attributes.nice = ::getpriority(PRIO_PROCESS, 0);
  attributes.runtime = slice_ns;
  ::syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

ShortDelays::ShortDelays(std::string pressure_path) : pressure_path_(std::move(pressure_path)) {
  // A real-time thread's sleeps end in time; let a fair one's do so too.
  ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  if (is_machine_busy()) set(true);
}

void ShortDelays::note_wake_up(std::optional<int64_t> delay_us, int64_t now_us) {
  if (!are_asked_for_) {
    if (delay_us && *delay_us <= kDelayUsMax) return;
    set(true);
    next_look_us_ = now_us + kHoldUs;
  } else if (now_us >= next_look_us_) {
    next_look_us_ = now_us + kLookUs;
    if (!is_machine_busy()) set(false);
  }
}

/// "some avg10=PERCENT avg60=..."
bool ShortDelays::is_machine_busy() const {
  constexpr std::string_view kBegin = "some avg10=";
  constexpr int kPercentMax = 10;
  const FileDescriptor file(::open(pressure_path_.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const ssize_t size = ::read(file.get(), text.data(), text.size());
  const std::string_view told(text.data(), size > 0 ? static_cast<size_t>(size) : 0);
  if (told.substr(0, kBegin.size()) != kBegin) return true;
  int percent = kPercentMax;
  std::from_chars(told.data() + kBegin.size(), told.data() + told.size(), percent);
  return percent >= kPercentMax;
}

void ShortDelays::set(bool asks) {
  are_asked_for_ = asks;
  sched_param lowest_realtime{};
  lowest_realtime.sched_priority = 1;
  const int realtime = SCHED_RR | SCHED_RESET_ON_FORK;
  if (asks && ::sched_setscheduler(0, realtime, &lowest_realtime) == 0) return;
  be_fair(asks ? kShortestSliceNs : 0);
}

void avoid_interrupting_others() {
  const sched_param none{};
  ::sched_setscheduler(0, SCHED_BATCH, &none);
}

}  // namespace gasoline::process
