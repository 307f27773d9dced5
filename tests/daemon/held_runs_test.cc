#include "daemon/held_runs.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "daemon/daemon_rig.h"
#include "support/temporary_directory.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kRunsMax = 3;
constexpr char kRunId[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// The daemon's side, and wrappers that ask it to hold their runs. `/bin/true` stands for keepers:
/// what those do is not this class's business.
struct Rig {
  explicit Rig(const std::string& keeper = "/bin/true")
      : held(std::make_unique<HeldRuns>(loop, log, keeper, kRunsMax, [](spool::HandOver) {})) {
    REQUIRE(held->listen(path));
  }
  ~Rig() {
    held.reset();
    loop.run();
  }

  struct Wrapper {
    spool::HeldRun run;
    FileDescriptor connection;
  };
  Wrapper ask(const spool::HoldRequest& request) {
    auto run = spool::HeldRun::make();
    REQUIRE(run);
    spool::HeldSettings settings;
    settings.ring_directory = "/nowhere";
    REQUIRE(run->put_settings(settings, STDIN_FILENO));
    auto connection = spool::connect_to_socket(path);
    REQUIRE(connection);
    REQUIRE(spool::send_hold_request(connection->get(), request, run->receiving_ends()));
    return {std::move(*run), std::move(*connection)};
  }
  template <typename Claim>
  bool comes_true(Claim claim) {
    for (int i = 0; i < 20'000 && !claim(); ++i) {
      loop.run_ready();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return claim();
  }

  test::TemporaryDirectory directory;
  const std::string path = directory / "socket";
  loop::Loop loop;
  SilentLog log;
  std::unique_ptr<HeldRuns> held;
};

TEST_CASE("a run is taken over when its wrapper's connection ends, and only if it left something") {
  Rig rig;
  auto wrapper = rig.ask({kRunId, "shop", 0, 0});
  REQUIRE(rig.comes_true([&] { return rig.held->shown().size() == 1; }));
  CHECK(rig.held->shown()[0].service == "shop");
  const bool is_killed = GENERATE(true, false);
  if (!is_killed) wrapper.run.withdraw();
  wrapper.connection.reset();
  REQUIRE(rig.comes_true([&] { return rig.held->runs() == 0; }));
  CHECK(rig.held->counters().taken_over == (is_killed ? 1 : 0));
  CHECK(rig.held->counters().failures == 0);
}

TEST_CASE("runs over the bound are refused, and counted") {
  Rig rig;
  std::vector<Rig::Wrapper> wrappers;
  for (size_t i = 0; i < kRunsMax + 2; ++i) wrappers.push_back(rig.ask({kRunId, "shop", 0, 0}));
  REQUIRE(rig.comes_true([&] { return rig.held->counters().refused == 2; }));
  CHECK(rig.held->runs() == kRunsMax);
  // They know at once, and find themselves a guardian.
  CHECK(spool::wait_for_message(wrappers.back().connection.get(), 20'000));
  CHECK_FALSE(spool::receive_message(wrappers.back().connection.get()));
}

TEST_CASE("a run whose keepers die again and again is left alone") {
  Rig rig;
  auto wrapper = rig.ask({kRunId, "shop", HeldRuns::kTakeoversMax, 1});
  REQUIRE(rig.comes_true([&] { return rig.held->shown().size() == 1; }));
  wrapper.connection.reset();
  REQUIRE(rig.comes_true([&] { return rig.held->counters().failures == 1; }));
  CHECK(rig.held->counters().taken_over == 0);
}

TEST_CASE("a keeper that cannot be started is counted") {
  Rig rig("/nowhere/gasoline-run");
  auto wrapper = rig.ask({kRunId, "shop", 0, 0});
  REQUIRE(rig.comes_true([&] { return rig.held->shown().size() == 1; }));
  wrapper.connection.reset();
  REQUIRE(rig.comes_true([&] { return rig.held->counters().failures == 1; }));
}

TEST_CASE("only a run that was taken over can be ended") {
  Rig rig;
  auto living = rig.ask({kRunId, "shop", 0, 0});
  auto taken = rig.ask({"01ARZ3NDEKTSV4RRFFQ69G5FAW", "shop", 1, 17});
  REQUIRE(rig.comes_true([&] { return rig.held->shown().size() == 2; }));
  CHECK(rig.held->end_run("01ARZ3NDEKTSV4RRFFQ69G5FAX") == HeldRuns::Ending::kUnknown);
  CHECK(rig.held->end_run("") == HeldRuns::Ending::kUnknown);
  CHECK(rig.held->end_run(kRunId) == HeldRuns::Ending::kHasWrapper);
  CHECK(rig.held->end_run("01ARZ3NDEKTSV4RRFFQ69G5FAW") == HeldRuns::Ending::kAsked);
  REQUIRE(spool::wait_for_message(taken.connection.get(), 20'000));
  auto word = spool::receive_message(taken.connection.get());
  REQUIRE((word && word->has_value()));
  CHECK((*word)->text == spool::kEndRunWord);
  living.run.withdraw();
  taken.run.withdraw();
}

TEST_CASE("what is no request is refused and takes nothing over") {
  Rig rig;
  auto connection = spool::connect_to_socket(rig.path);
  REQUIRE(connection);
  REQUIRE(spool::send_message(connection->get(), GENERATE("\1", "\2", "\3", "end"), {}));
  REQUIRE(rig.comes_true([&] { return rig.held->counters().refused == 1; }));
  REQUIRE(rig.comes_true([&] { return rig.held->runs() == 0; }));
  CHECK(rig.held->counters().taken_over == 0);
}

}  // namespace
}  // namespace gasoline::daemon
