#include "base/supervisor.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <thread>

namespace gasoline {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

class HandClock final : public Clock {
 public:
  int64_t wall_us() const override { return now_us.load(); }
  int64_t monotonic_us() const override { return now_us.load(); }
  std::atomic<int64_t> now_us{kSecondUs};
};

class TextLog final : public Log {
 public:
  void write(Severity, std::string_view text) override { all += std::string(text) + "\n"; }
  std::string all;
};

struct Fixture {
  HandClock clock;
  SeededRandom random{7};
  TextLog log;
  Supervisor supervisor{clock, random, log};

  void pass(int64_t seconds) {
    for (int64_t i = 0; i < seconds; ++i) {
      clock.now_us += kSecondUs;
      supervisor.look();
    }
  }
  TaskStatus only() const {
    const std::vector<TaskStatus> tasks = supervisor.tasks();
    REQUIRE(tasks.size() == 1);
    return tasks[0];
  }
};

TEST_CASE("a heartbeat changes with every call and says whether its task rests") {
  Heartbeat heartbeat;
  uint64_t last = heartbeat.state();
  for (int i = 0; i < 10; ++i) {
    if (i % 3 == 0) {
      heartbeat.rest();
    } else {
      heartbeat.beat();
    }
    CHECK(heartbeat.state() > last);
    CHECK((heartbeat.state() & 1) == (i % 3 == 0 ? 1u : 0u));
    last = heartbeat.state();
  }
}

TEST_CASE("a task that beats, or rests, is well") {
  Fixture fixture;
  Supervisor::Watch watch = fixture.supervisor.watch({"tailer", 3 * kSecondUs});
  for (int i = 0; i < 10; ++i) {
    watch.heartbeat().beat();
    fixture.pass(2);
    CHECK(fixture.only().state == TaskStatus::State::kRunning);
  }
  watch.heartbeat().rest();
  fixture.pass(100);
  CHECK(fixture.only().state == TaskStatus::State::kResting);
  CHECK(fixture.only().stalls == 0);
  CHECK(fixture.log.all.empty());
}

TEST_CASE("a task may keep by itself when it was heard of") {
  Fixture fixture;
  int64_t heard_us = 1;
  const Supervisor::Watch watch =
      fixture.supervisor.watch({"source", 3 * kSecondUs, nullptr, [&] { return heard_us; }});
  for (int i = 0; i < 10; ++i) {
    ++heard_us;  // odd and even alike: such a task never rests
    fixture.pass(2);
    CHECK(fixture.only().state == TaskStatus::State::kRunning);
  }
  fixture.pass(3);
  CHECK(fixture.only().state == TaskStatus::State::kStalled);
}

TEST_CASE("a silent task is shown as stalled, said once, and heard of when it is back") {
  Fixture fixture;
  Supervisor::Watch watch = fixture.supervisor.watch({"tailer", 3 * kSecondUs});
  watch.heartbeat().beat();
  fixture.pass(10);
  TaskStatus status = fixture.only();
  CHECK(status.state == TaskStatus::State::kStalled);
  CHECK(status.stalls == 1);
  CHECK(status.silent_us == 9 * kSecondUs);
  CHECK_FALSE(status.can_restart);
  CHECK(fixture.log.all == "tailer has not been heard of for 3.0 s\n");
  watch.heartbeat().beat();
  fixture.pass(1);
  CHECK(fixture.only().state == TaskStatus::State::kRunning);
  CHECK(fixture.log.all.ends_with("tailer is back after 10.0 s\n"));
}

TEST_CASE("a stalled task is restarted at once, then with growing pauses up to a minute") {
  Fixture fixture;
  std::vector<int64_t> at_s;
  Supervisor::Watch watch = fixture.supervisor.watch({"stream", 2 * kSecondUs, [&] {
                                                        at_s.push_back(fixture.clock.now_us /
                                                                       kSecondUs);
                                                      }});
  fixture.pass(600);
  REQUIRE(at_s.size() >= 10);
  CHECK(at_s[0] == 3);
  for (size_t i = 1; i < at_s.size(); ++i) {
    const int64_t pause = at_s[i] - at_s[i - 1];
    const int64_t expected = std::min<int64_t>(60, 1LL << (i - 1));
    INFO(i << ": " << pause);
    CHECK(pause >= std::max<int64_t>(2, expected * 9 / 10));
    CHECK(pause <= std::max<int64_t>(2, expected * 11 / 10) + 1);
  }
  CHECK(fixture.only().state == TaskStatus::State::kRestarted);
  CHECK(fixture.only().stalls == 1);
  CHECK(fixture.only().restarts == at_s.size());
  CHECK(fixture.supervisor.totals().stalls == 1);
  CHECK(fixture.supervisor.totals().restarts == at_s.size());
}

TEST_CASE("pauses go on growing for a task that stalls again, and begin anew for one that is well") {
  Fixture fixture;
  int restarts = 0;
  Supervisor::Watch watch =
      fixture.supervisor.watch({"stream", 2 * kSecondUs, [&] { ++restarts; }});
  fixture.pass(60);
  const int first = restarts;
  watch.heartbeat().beat();
  fixture.pass(40);
  CHECK(restarts - first <= 2);
  for (int i = 0; i < 70; ++i) {
    watch.heartbeat().beat();
    fixture.pass(1);
  }
  const int before = restarts;
  fixture.pass(12);
  CHECK(restarts - before >= 3);
}

TEST_CASE("a task that is dropped is not looked at any more, also from within its restart") {
  Fixture fixture;
  int restarts = 0;
  std::optional<Supervisor::Watch> watch;
  watch = fixture.supervisor.watch({"a", kSecondUs, [&] {
                                      ++restarts;
                                      watch = fixture.supervisor.watch({"b", kSecondUs});
                                    }});
  fixture.pass(5);
  CHECK(restarts == 1);
  CHECK(fixture.only().name == "b");
  CHECK(fixture.only().state == TaskStatus::State::kStalled);
  watch.reset();
  CHECK(fixture.supervisor.tasks().empty());
}

TEST_CASE("tasks over the bound go unwatched, counted, with a heartbeat all the same") {
  Fixture fixture;
  std::vector<Supervisor::Watch> watches;
  for (size_t i = 0; i < Supervisor::kTasksMax + 2; ++i) {
    watches.push_back(fixture.supervisor.watch({"t", kSecondUs}));
    watches.back().heartbeat().beat();
  }
  CHECK(fixture.supervisor.tasks().size() == Supervisor::kTasksMax);
  CHECK(fixture.supervisor.totals().unwatched == 2);
  watches.clear();
  CHECK(fixture.supervisor.tasks().empty());
}

TEST_CASE("its thread restarts a frozen task, and a drop waits for a restart in progress") {
  const SystemClock clock;
  SystemRandom random;
  SilentLog log;
  Supervisor supervisor(clock, random, log);
  std::atomic<bool> is_in{false};
  std::atomic<bool> is_done{false};
  Supervisor::Watch watch = supervisor.watch({"frozen", 1000, [&] {
                                                is_in = true;
                                                std::this_thread::sleep_for(
                                                    std::chrono::milliseconds(50));
                                                is_done = true;
                                              }});
  supervisor.start();
  const int64_t give_up_us = clock.monotonic_us() + 30 * kSecondUs;
  while (!is_in && clock.monotonic_us() < give_up_us) std::this_thread::yield();
  REQUIRE(is_in);
  watch.drop();
  CHECK(is_done);
  supervisor.stop();
}

}  // namespace
}  // namespace gasoline
