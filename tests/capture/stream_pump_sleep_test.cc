#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

#include "capture/capture_rig.h"

namespace gasoline::capture {
namespace {

using test::eventually;

/// A pump whose output has no reader that could go: it sleeps in splice(2) until it is told
/// something.
struct Sleeping {
  Sleeping() : ring(*spool::StreamRing::create(0, 0)), same_pipe(::dup(input.read_end.get())) {
    StreamPump::Options options;
    test::Pipe staging;
    options.staging = {std::move(staging.read_end), std::move(staging.write_end)};
    pump = std::make_unique<StreamPump>(
        std::move(input.read_end), output.get(), ring, clock, std::move(options), [] {},
        [this] { ++end_calls; });
  }
  bool may_sleep() const { return (::fcntl(same_pipe.get(), F_GETFL) & O_NONBLOCK) == 0; }
  std::string passed() const {
    std::array<char, 1000> bytes{};
    const ssize_t size = ::pread(output.get(), bytes.data(), bytes.size(), 0);
    return {bytes.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
  }

  SystemClock clock;
  test::Pipe input;
  const FileDescriptor output{::memfd_create("output", MFD_CLOEXEC)};
  spool::StreamRing ring;
  const FileDescriptor same_pipe;
  std::atomic<int> end_calls{0};
  std::unique_ptr<StreamPump> pump;
};

TEST_CASE("a pump that sleeps passes on what comes, and ends with the stream") {
  Sleeping rig;
  CHECK(rig.may_sleep());
  for (int i = 1; i <= 100; ++i) {
    REQUIRE(test::write_all(rig.input.write_end.get(), "line\n"));
    REQUIRE(eventually([&] { return rig.passed().size() == 5u * static_cast<size_t>(i); }));
  }
  CHECK(rig.may_sleep());
  rig.input.write_end.reset();
  REQUIRE(eventually([&] { return rig.end_calls == 1; }));
  CHECK(rig.ring.head() == 500);
}

void ask_twice(Sleeping& rig) {
  REQUIRE(rig.pump->wait_until_passed(20'000'000));
  CHECK(rig.passed() == "a line\n");
  REQUIRE(test::write_all(rig.input.write_end.get(), "another\n"));
  REQUIRE(rig.pump->wait_until_passed(20'000'000));
  CHECK(rig.passed() == "a line\nanother\n");
}

void end_when_silent(Sleeping& rig) {
  rig.pump->end_when_silent(1'000);
  REQUIRE(eventually([&] { return rig.end_calls == 1; }));
  CHECK(rig.passed() == "a line\n");
}

void hand_over(Sleeping& rig) {
  rig.pump->end_for_hand_over();
  REQUIRE(eventually([&] { return rig.end_calls == 1; }));
  CHECK(rig.pump->take_pipe().is_open());
  CHECK(rig.passed() == "a line\n");
}

void destroy(Sleeping& rig) {
  rig.pump.reset();
  CHECK(rig.end_calls == 1);
}

TEST_CASE("a pump that sleeps hears what it is told, whether it sleeps yet or not") {
  const auto tell = GENERATE(ask_twice, end_when_silent, hand_over, destroy);
  const auto delay = std::chrono::microseconds(GENERATE(0, 10, 100, 3'000));
  for (int round = 0; round < 20; ++round) {
    Sleeping rig;
    REQUIRE(rig.may_sleep());
    REQUIRE(test::write_all(rig.input.write_end.get(), "a line\n"));
    std::this_thread::sleep_for(delay);
    tell(rig);
    CHECK_FALSE(rig.may_sleep());
  }
}

TEST_CASE("a signal that nobody meant does not disturb a pump that sleeps") {
  Sleeping rig;
  for (int i = 1; i <= 50; ++i) {
    ::kill(::getpid(), SIGURG);
    REQUIRE(test::write_all(rig.input.write_end.get(), "line\n"));
    REQUIRE(eventually([&] { return rig.ring.head() == 5u * static_cast<size_t>(i); }));
  }
  CHECK(rig.may_sleep());
  CHECK_FALSE(rig.pump->has_ended());
}

}  // namespace
}  // namespace gasoline::capture
