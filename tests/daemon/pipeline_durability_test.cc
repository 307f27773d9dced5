#include <catch2/catch.hpp>
#include <cerrno>

#include "daemon/daemon_rig.h"
#include "support/fault_file_system.h"

namespace gasoline::daemon {
namespace {

using Code = Outcome::Code;
using test::FaultFileSystem;
using test::messages_of;
using test::PipelineRig;
using test::run_body;

Pipeline::Options with_ack(AckLevel ack) {
  Pipeline::Options options;
  options.ack = ack;
  return options;
}

TEST_CASE("a log that cannot be written takes nothing, and everything once it can") {
  FaultFileSystem files(1);
  PipelineRig rig(files, "/events");
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  const std::string body = run_body(run, 1, messages_of("line", 1, 5));
  files.fail(FaultFileSystem::kWrite | FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  const Outcome refused = rig.submit(body);
  CHECK(refused.code == Code::kUnavailable);
  CHECK(refused.detail.find("No space left on device") != std::string::npos);
  CHECK(rig.stored().empty());
  CHECK(rig.pipeline->counters().log_failures.load() == 1);
  CHECK(rig.pipeline->counters().events.load() == 0);
  files.fail(0, 0, 0, 0);
  const Outcome taken = rig.submit(body);
  CHECK(taken.code == Code::kTaken);
  CHECK(taken.duplicates == 0);
  CHECK(rig.stored() == messages_of("line", 1, 5));
}

TEST_CASE("a synced acknowledgement comes after the sync") {
  FaultFileSystem files(2);
  PipelineRig rig(files, "/events", with_ack(AckLevel::kSynced));
  rig.pipeline->start();
  std::atomic<int> answered{0};
  std::atomic<int> unsynced{0};
  for (int i = 0; i < 200; ++i) {
    Pipeline::Job job;
    job.body = "[{\"message\":\"x\"}]";
    job.done = [&](const Outcome& outcome) {
      if (outcome.code != Code::kTaken || rig.log->synced_sequence() != rig.log->next_sequence()) {
        ++unsynced;
      }
      ++answered;
    };
    REQUIRE(rig.pipeline->submit(job));
  }
  REQUIRE(test::eventually([&] { return answered == 200; }));
  CHECK(unsynced == 0);
}

TEST_CASE("what was acknowledged as synced survives a power cut") {
  FaultFileSystem files(3);
  std::vector<std::string> expected;
  {
    PipelineRig rig(files, "/events", with_ack(AckLevel::kSynced));
    rig.pipeline->start();
    const std::string run = test::new_run_id(rig.clock.wall_us());
    for (uint64_t i = 0; i < 20; ++i) {
      const auto messages = messages_of("line", 1 + i * 10, 10);
      REQUIRE(rig.submit(run_body(run, 1 + i * 10, messages)).code == Code::kTaken);
      expected.insert(expected.end(), messages.begin(), messages.end());
    }
    files.return_power();
  }
  PipelineRig after(files, "/events");
  after.pipeline->start();
  REQUIRE(test::eventually([&] { return after.pipeline->is_ready(); }));
  CHECK(after.stored() == expected);
}

TEST_CASE("a sync that fails is no acknowledgement, and the repeat is recognised") {
  FaultFileSystem files(4);
  PipelineRig rig(files, "/events", with_ack(AckLevel::kSynced));
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  const std::string body = run_body(run, 1, {"a", "b"});
  files.fail(FaultFileSystem::kSync, EIO, 1, UINT64_MAX);
  CHECK(rig.submit(body).code == Code::kUnavailable);
  files.fail(0, 0, 0, 0);
  const Outcome again = rig.submit(body);
  CHECK(again.code == Code::kTaken);
  CHECK(again.duplicates == 2);
  CHECK(rig.stored() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a restarted daemon has the same events and still recognises repeats") {
  FaultFileSystem files(5);
  const std::string run = test::new_run_id(SystemClock().wall_us());
  {
    PipelineRig rig(files, "/events");
    rig.pipeline->start();
    CHECK(rig.submit(run_body(run, 1, messages_of("line", 1, 500))).count == 500);
    CHECK(rig.submit(R"([{"message":"by itself","event_id":"x"}])").count == 1);
  }
  PipelineRig rig(files, "/events");
  // Bodies may come before the log was read again: they wait.
  rig.pipeline->start();
  const Outcome again = rig.submit(run_body(run, 1, messages_of("line", 1, 502)));
  CHECK(again.count == 502);
  CHECK(again.duplicates == 500);
  CHECK(rig.submit(R"([{"message":"by itself","event_id":"x"}])").duplicates == 1);
  CHECK(rig.pipeline->is_ready());
  auto expected = messages_of("line", 1, 502);
  expected.emplace_back("by itself");
  auto stored = rig.stored();
  std::sort(stored.begin(), stored.end());
  std::sort(expected.begin(), expected.end());
  CHECK(stored == expected);
}

TEST_CASE("an event has the same id after a restart, also when it was delivered twice") {
  FaultFileSystem files(6);
  const std::string run = test::new_run_id(SystemClock().wall_us());
  const auto id_of_first = [](const PipelineRig& rig) {
    const auto answer = rig.store->timeline({});
    REQUIRE(answer);
    REQUIRE(answer->events.size() == 1);
    return std::string(answer->events[0].event_id);
  };
  std::string id;
  {
    PipelineRig rig(files, "/events");
    rig.pipeline->start();
    rig.submit(run_body(run, 1, {"line"}));
    id = id_of_first(rig);
    CHECK(id.size() == 26);
  }
  PipelineRig rig(files, "/events");
  rig.pipeline->start();
  rig.submit(run_body(run, 1, {"line"}));
  CHECK(id_of_first(rig) == id);
}

}  // namespace
}  // namespace gasoline::daemon
