#include "process/wake_up_delay.h"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace gasoline::process {
namespace {

void stay_on_first_cpu() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(std::max(0, ::sched_getcpu())), &cpus);
  ::sched_setaffinity(0, sizeof cpus, &cpus);
}

struct Round {
  int64_t before_write_us = 0;
  int64_t stamped_us = 0;  // by the clock of the woken thread
  std::optional<int64_t> delay_us;
};

/// A thread that never sleeps wakes another one on the same CPU, which has to wait for its turn.
std::vector<Round> wake_beside_a_busy_thread(size_t count) {
  std::array<int, 2> wake{};
  REQUIRE(::pipe(wake.data()) == 0);
  const SystemClock clock;
  std::vector<Round> rounds(count);
  std::atomic<size_t> answered{0};
  std::thread busy;
  std::thread sleeper([&] {
    stay_on_first_cpu();
    busy = std::thread([&] {  // inherits the CPU
      for (size_t i = 0; i < count; ++i) {
        const int64_t until_us = clock.monotonic_us() + 500;
        while (clock.monotonic_us() < until_us) {
        }
        rounds[i].before_write_us = clock.monotonic_us();
        if (::write(wake[1], "x", 1) != 1) ::abort();
        while (answered <= i) {
        }
      }
    });
    WakeUpDelay delay;
    for (size_t i = 0; i < count; ++i) {
      pollfd entry{wake[0], POLLIN, 0};
      delay.before_sleep();
      ::poll(&entry, 1, -1);
      rounds[i].stamped_us = clock.monotonic_us();
      rounds[i].delay_us = delay.after_sleep_us();
      char byte = 0;
      if (::read(wake[0], &byte, 1) != 1) ::abort();
      ++answered;
    }
  });
  sleeper.join();
  busy.join();
  ::close(wake[0]);
  ::close(wake[1]);
  return rounds;
}

int64_t median(std::vector<int64_t> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

TEST_CASE("the wait for a CPU is told from the sleep before it") {
  constexpr int64_t kLateUs = 300;
  std::vector<int64_t> stamped;
  std::vector<int64_t> corrected;
  for (const Round& round : wake_beside_a_busy_thread(300)) {
    const int64_t late_us = round.stamped_us - round.before_write_us;
    if (!round.delay_us || late_us < kLateUs) continue;
    stamped.push_back(late_us);
    corrected.push_back(late_us - *round.delay_us);
  }
  if (stamped.size() < 5) {
    WARN("the scheduler let every thread run at once: there was no wait to measure");
    return;
  }
  CAPTURE(stamped, corrected);
  // Medians: who wakes the other may himself lose his CPU between his look at the clock and his write.
  CHECK(median(corrected) < median(stamped) / 2);
  CHECK(median(corrected) >= -50);  // below 0: an effect before its cause
}

TEST_CASE("without a sleep to measure there is no delay") {
  const WakeUpDelay delay;
  CHECK(delay.after_sleep_us() == 0);
}

}  // namespace
}  // namespace gasoline::process
