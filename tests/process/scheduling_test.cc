#include "process/scheduling.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "support/temporary_directory.h"

namespace gasoline::process {
namespace {

/// The calling thread's policy and slice, as sched_getattr(2) tells them.
std::array<uint64_t, 2> way_of_scheduling() {
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } told{};
  if (::syscall(SYS_sched_getattr, 0, &told, sizeof told, 0) != 0) return {};
  return {told.policy, told.runtime};
}

struct Machine {
  void tell(const std::string& pressure) { std::ofstream(path) << pressure; }
  const test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/cpu";
};

const std::string kIdle = "some avg10=9.87 avg60=50.00 avg300=1.00 total=1\nfull avg10=0.00\n";
const std::string kBusy = "some avg10=10.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00\n";

/// In a thread of its own: what it asks for is not to stay with the tests behind it.
void in_a_thread(const std::function<void()>& scene) { std::thread(scene).join(); }

TEST_CASE("short delays are asked for from the start on a machine that is busy, or does not tell") {
  Machine machine;
  std::array<bool, 3> are_asked_for{};
  in_a_thread([&] {
    are_asked_for[0] = ShortDelays(machine.path).are_asked_for();
    machine.tell(kBusy);
    are_asked_for[1] = ShortDelays(machine.path).are_asked_for();
    machine.tell("some avg10=?");
    are_asked_for[2] = ShortDelays(machine.path).are_asked_for();
  });
  CHECK(are_asked_for == std::array<bool, 3>{true, true, true});
}

TEST_CASE("one long wait for a CPU makes short delays asked for, until the machine has been idle") {
  Machine machine;
  machine.tell(kIdle);
  std::array<std::array<uint64_t, 2>, 4> ways{};
  std::array<bool, 6> are_asked_for{};
  in_a_thread([&] {
    ways[0] = way_of_scheduling();
    ShortDelays delays(machine.path);
    are_asked_for[0] = delays.are_asked_for();
    ways[1] = way_of_scheduling();
    int64_t now_us = 1'000'000;
    delays.note_wake_up(ShortDelays::kDelayUsMax, now_us);
    are_asked_for[1] = delays.are_asked_for();
    delays.note_wake_up(ShortDelays::kDelayUsMax + 1, now_us);
    are_asked_for[2] = delays.are_asked_for();
    ways[2] = way_of_scheduling();
    now_us += ShortDelays::kHoldUs - 1;
    delays.note_wake_up(0, now_us);
    are_asked_for[3] = delays.are_asked_for();
    machine.tell(kBusy);
    now_us += 1;
    delays.note_wake_up(0, now_us);
    are_asked_for[4] = delays.are_asked_for();
    machine.tell(kIdle);
    now_us += ShortDelays::kLookUs;
    delays.note_wake_up(0, now_us);
    are_asked_for[5] = delays.are_asked_for();
    ways[3] = way_of_scheduling();
  });
  CHECK(are_asked_for == std::array<bool, 6>{false, false, true, true, true, false});
  CHECK(ways[1] == ways[0]);
  CHECK(ways[3] == ways[0]);
  if (ways[2] == ways[0]) WARN("neither a real-time priority nor a short slice is to be had here");
}

}  // namespace
}  // namespace gasoline::process
