#include "process/wake_up_delay.h"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <thread>

#include "base/clock.h"

namespace gasoline::process {
namespace {

void stay_on_first_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(std::max(0, ::sched_getcpu())), &cpus);
  ::sched_setaffinity(0, sizeof cpus, &cpus);
}

struct Lateness {
  int64_t stamped_us = 0;    // of the clock read by the woken thread
  int64_t corrected_us = 0;  // with the wait for the CPU taken off
  int64_t earliest_us = 0;   // the least corrected lateness: below 0 an effect before its cause
};

/// A thread that never sleeps wakes another one on the same CPU, which has to wait for its turn.
Lateness wake_beside_a_busy_thread(int rounds) {
  std::array<int, 2> wake{};
  REQUIRE(::pipe(wake.data()) == 0);
  const SystemClock clock;
  std::atomic<int64_t> written_us{0};
  std::atomic<int> answered{0};
  Lateness sum;
  std::thread busy;
  std::thread sleeper([&] {
    stay_on_first_cpu();
    busy = std::thread([&] {  // inherits the CPU
      for (int round = 0; round < rounds; ++round) {
        const int64_t until_us = clock.monotonic_us() + 500;
        while (clock.monotonic_us() < until_us) {
        }
        written_us = clock.monotonic_us();
        if (::write(wake[1], "x", 1) != 1) ::abort();
        while (answered <= round) {
        }
      }
    });
    WakeUpDelay delay;
    for (int round = 0; round < rounds; ++round) {
      pollfd entry{wake[0], POLLIN, 0};
      delay.before_sleep();
      ::poll(&entry, 1, -1);
      const int64_t now_us = clock.monotonic_us();
      const int64_t corrected_us = now_us - delay.after_sleep_us().value_or(0) - written_us;
      sum.stamped_us += now_us - written_us;
      sum.corrected_us += corrected_us;
      sum.earliest_us = std::min(sum.earliest_us, corrected_us);
      char byte = 0;
      if (::read(wake[0], &byte, 1) != 1) ::abort();
      ++answered;
    }
  });
  sleeper.join();
  busy.join();
  ::close(wake[0]);
  ::close(wake[1]);
  return sum;
}

TEST_CASE("the wait for a CPU is told from the sleep before it") {
  const Lateness sum = wake_beside_a_busy_thread(100);
  CAPTURE(sum.stamped_us, sum.corrected_us, sum.earliest_us);
  if (sum.stamped_us < 5'000) {
    WARN("the scheduler let every thread run at once: there was no wait to measure");
    return;
  }
  CHECK(sum.corrected_us < sum.stamped_us / 2);
  CHECK(sum.earliest_us >= -50);
}

TEST_CASE("without a sleep to measure there is no delay") {
  const WakeUpDelay delay;
  CHECK(delay.after_sleep_us().value_or(-1) == 0);
}

}  // namespace
}  // namespace gasoline::process
