#include "source/loop_source.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "base/clock.h"

namespace gasoline::source {
namespace {

constexpr int64_t kNeverUs = 3'600'000'000;

struct Seen {
  std::atomic<int> ticks{0};
  std::atomic<bool> is_made{false};
  std::atomic<bool> is_destroyed{false};
  std::function<void()> wake;  // valid once is_made
};

/// Asks for nothing by itself: what makes it tick is told from outside.
class SleepyTask final : public LoopSource::Task {
 public:
  SleepyTask(const Clock& clock, Seen& seen) : clock_(clock), seen_(seen) {}
  ~SleepyTask() override { seen_.is_destroyed = true; }
  int64_t tick() override {
    ++seen_.ticks;
    return clock_.monotonic_us() + kNeverUs;
  }
  Snapshot snapshot() const override {
    Snapshot snapshot;
    snapshot.note = "asleep";
    return snapshot;
  }

 private:
  const Clock& clock_;
  Seen& seen_;
};

bool eventually(const std::function<bool()>& claim) {
  for (int i = 0; i < 20'000; ++i) {
    if (claim()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

TEST_CASE("a source with a loop ticks when it is woken, and ends while it waits") {
  const SystemClock clock;
  Seen seen;
  LoopSource source("mine", "test", clock, [&](loop::Loop&, std::function<void()> wake) {
    seen.wake = std::move(wake);
    seen.is_made = true;
    return std::make_unique<SleepyTask>(clock, seen);
  });
  CHECK(source.has_stopped());
  source.start();
  REQUIRE(eventually([&] { return seen.is_made && seen.ticks > 0; }));
  CHECK_FALSE(source.has_stopped());
  CHECK(source.heartbeat_us() > 0);
  REQUIRE(eventually([&] { return source.snapshot().note == "asleep"; }));
  const int before = seen.ticks;
  // More than the mailbox holds: what is asked for twice is done once.
  for (int i = 0; i < 100; ++i) seen.wake();
  REQUIRE(eventually([&] { return seen.ticks > before; }));
  source.request_stop();
  REQUIRE(eventually([&] { return source.has_stopped(); }));
  source.stop();
  CHECK(seen.is_destroyed);
  seen.wake();
}

TEST_CASE("a source that was never started ends at once") {
  const SystemClock clock;
  LoopSource source("mine", "test", clock,
                    [](loop::Loop&, const std::function<void()>&) { return nullptr; });
  source.stop();
  CHECK(source.has_stopped());
}

}  // namespace
}  // namespace gasoline::source
