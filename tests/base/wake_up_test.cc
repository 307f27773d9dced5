#include "base/wake_up.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/clock.h"

namespace gasoline {
namespace {

// A lost wake-up shows as a wait that lasted to its limit, which no loaded machine reaches.
constexpr int64_t kLimitUs = 60'000'000;

/// True if the wait was ended by a notice rather than by its limit.
bool is_woken(WakeUp& wake_up) {
  const SystemClock clock;
  const int64_t begin = clock.monotonic_us();
  wake_up.wait(kLimitUs);
  return clock.monotonic_us() - begin < kLimitUs;
}

TEST_CASE("a notice before the wait is remembered, once") {
  WakeUp wake_up;
  wake_up.notify();
  wake_up.notify();
  REQUIRE(is_woken(wake_up));
  const SystemClock clock;
  const int64_t begin = clock.monotonic_us();
  wake_up.wait(2000);
  CHECK(clock.monotonic_us() - begin >= 2000);
}

TEST_CASE("a wait without a limit ends with the notice") {
  WakeUp wake_up;
  std::thread other([&] { wake_up.notify(); });
  wake_up.wait(-1);
  other.join();
  SUCCEED("it came back");
}

TEST_CASE("no wake-up is lost between two threads that take turns, over 100,000 rounds") {
  constexpr int kRounds = 100'000;
  WakeUp to_worker;
  WakeUp to_asker;
  std::atomic<int> asked{0};
  std::atomic<int> answered{0};
  std::atomic<bool> is_lost{false};
  // A wait may end early, so each side looks again.
  const auto wait_for = [&](WakeUp& wake_up, const std::atomic<int>& number, int round) {
    while (number.load(std::memory_order_acquire) != round && !is_lost) {
      if (!is_woken(wake_up)) is_lost = true;
    }
  };
  std::thread worker([&] {
    for (int round = 1; round <= kRounds && !is_lost; ++round) {
      wait_for(to_worker, asked, round);
      answered.store(round, std::memory_order_release);
      to_asker.notify();
    }
  });
  for (int round = 1; round <= kRounds && !is_lost; ++round) {
    asked.store(round, std::memory_order_release);
    to_worker.notify();
    wait_for(to_asker, answered, round);
  }
  to_worker.notify();
  worker.join();
  CHECK_FALSE(is_lost);
}

TEST_CASE("a waiter that always looks first misses nothing of a busy sender") {
  constexpr uint64_t kItems = 300'000;
  WakeUp wake_up;
  std::atomic<uint64_t> sent{0};
  std::atomic<bool> is_lost{false};
  std::thread waiter([&] {
    while (sent.load(std::memory_order_acquire) < kItems && !is_lost) {
      if (!is_woken(wake_up)) is_lost = true;
    }
  });
  for (uint64_t i = 1; i <= kItems; ++i) {
    sent.store(i, std::memory_order_release);
    wake_up.notify();
  }
  waiter.join();
  CHECK_FALSE(is_lost);
}

}  // namespace
}  // namespace gasoline
