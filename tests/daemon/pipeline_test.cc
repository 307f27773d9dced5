#include "daemon/pipeline.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "daemon/daemon_rig.h"
#include "support/fault_file_system.h"

namespace gasoline::daemon {
namespace {

using Code = Outcome::Code;
using test::messages_of;
using test::PipelineRig;
using test::run_body;

struct Rig : PipelineRig {
  explicit Rig(Pipeline::Options options = {})
      : Rig(std::make_unique<test::FaultFileSystem>(1), options) {}
  std::unique_ptr<test::FaultFileSystem> files;

 private:
  Rig(std::unique_ptr<test::FaultFileSystem> made, Pipeline::Options options)
      : PipelineRig(*made, "/events", options), files(std::move(made)) {}

 public:
  ~Rig() {
    pipeline.reset();
    log.reset();
  }
};

TEST_CASE("a batch is answered with an id for each event, and all of it can be asked for") {
  Rig rig;
  rig.pipeline->start();
  const Outcome outcome =
      rig.submit(R"({"events":[{"message":"one"},{"message":"two","event_id":"given"}]})");
  CHECK(outcome.code == Code::kTaken);
  CHECK(outcome.count == 2);
  CHECK(outcome.duplicates == 0);
  CHECK(outcome.failed.empty());
  CHECK(outcome.event_ids.ends_with(",\"given\""));
  auto messages = rig.stored();
  std::sort(messages.begin(), messages.end());
  CHECK(messages == std::vector<std::string>{"one", "two"});
  CHECK(rig.pipeline->counters().events.load() == 2);
}

TEST_CASE("one event and lines of JSON are taken as well") {
  Rig rig;
  rig.pipeline->start();
  CHECK(rig.submit(R"({"message":"single"})", event::BatchForm::kObject).count == 1);
  CHECK(
      rig.submit("{\"message\":\"a\"}\n\n{\"message\":\"b\"}\n", event::BatchForm::kNdjson).count ==
      2);
  CHECK(rig.stored().size() == 3);
}

TEST_CASE("a run's batch that comes again is acknowledged again and stored once") {
  Rig rig;
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  const std::string body = run_body(run, 1, messages_of("line", 1, 5));
  CHECK(rig.submit(body).count == 5);
  const Outcome again = rig.submit(body);
  CHECK(again.code == Code::kTaken);
  CHECK(again.count == 5);
  CHECK(again.duplicates == 5);
  CHECK(rig.stored() == messages_of("line", 1, 5));
  CHECK(rig.pipeline->counters().duplicates.load() == 5);
}

TEST_CASE("of batches that overlap only the new part is stored") {
  Rig rig;
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  CHECK(rig.submit(run_body(run, 1, messages_of("line", 1, 5))).duplicates == 0);
  const Outcome overlap = rig.submit(run_body(run, 3, messages_of("line", 3, 6)));
  CHECK(overlap.count == 6);
  CHECK(overlap.duplicates == 3);
  CHECK(rig.submit(run_body(run, 2, messages_of("line", 2, 3))).duplicates == 3);
  CHECK(rig.stored() == messages_of("line", 1, 8));
}

TEST_CASE("two runs have numbers of their own") {
  Rig rig;
  rig.pipeline->start();
  const std::string body = run_body(test::new_run_id(rig.clock.wall_us()), 1, {"a", "b"});
  const std::string other = run_body(test::new_run_id(rig.clock.wall_us()), 1, {"c", "d"});
  CHECK(rig.submit(body).duplicates == 0);
  CHECK(rig.submit(other).duplicates == 0);
  CHECK(rig.stored().size() == 4);
}

TEST_CASE("an event whose id is retained is acknowledged and not stored again") {
  Rig rig;
  rig.pipeline->start();
  CHECK(rig.submit(R"([{"message":"first","event_id":"x"}])").duplicates == 0);
  const Outcome again = rig.submit(R"([{"message":"again","event_id":"x"},{"message":"new"}])");
  CHECK(again.code == Code::kTaken);
  CHECK(again.count == 2);
  CHECK(again.duplicates == 1);
  CHECK(rig.stored().size() == 2);
}

TEST_CASE("the same id twice in one body is stored once") {
  Rig rig;
  rig.pipeline->start();
  const Outcome outcome =
      rig.submit(R"([{"message":"first","event_id":"x"},{"message":"again","event_id":"x"}])");
  CHECK(outcome.code == Code::kTaken);
  CHECK(outcome.count == 2);
  CHECK(rig.stored() == std::vector<std::string>{"first"});
}

TEST_CASE("a bad event is named and takes no other down") {
  Rig rig;
  rig.pipeline->start();
  const Outcome outcome = rig.submit(R"([{"message":"a"},{"no_message":1},7,{"message":"b"}])");
  CHECK(outcome.code == Code::kTaken);
  CHECK(outcome.count == 2);
  CHECK(outcome.failed.find("{\"index\":1,\"error\":") == 0);
  CHECK(outcome.failed.find(",{\"index\":2,\"error\":") != std::string::npos);
  CHECK(rig.stored().size() == 2);
  CHECK(rig.pipeline->counters().failed_events.load() == 2);
}

TEST_CASE("bodies of which nothing can be taken say why") {
  Rig rig;
  rig.pipeline->start();
  CHECK(rig.submit(R"([{"no_message":1}])").code == Code::kNoneTaken);
  CHECK(rig.submit("{\"events\":[").code == Code::kInvalid);
  CHECK(rig.submit("").code == Code::kInvalid);
  CHECK(rig.submit("7").code == Code::kInvalid);
  const Outcome no_ulid = rig.submit(run_body("not-a-ulid", 1, {"a"}));
  CHECK(no_ulid.code == Code::kInvalid);
  CHECK(no_ulid.detail.find("ULID") != std::string::npos);
  std::string many = "[{\"message\":\"x\"}";
  for (size_t i = 0; i < event::EventReader::kEventsMax; ++i) many += ",{\"message\":\"x\"}";
  CHECK(rig.submit(many + "]").code == Code::kTooLarge);
  CHECK(rig.stored().empty());
  CHECK(rig.log->next_sequence() == 1);
}

TEST_CASE("a run of which the marks may be forgotten is refused, unless its mark is still there") {
  Rig rig;
  rig.pipeline->start();
  const std::string old_run =
      test::new_run_id(rig.clock.wall_us() - RunMarks::kKeptUs - 10'000'000);
  CHECK(rig.submit(run_body(old_run, 1, {"a"})).code == Code::kRunTooOld);
  CHECK(rig.diary.count_of("was refused") == 1);
  const std::string long_run =
      test::new_run_id(rig.clock.wall_us() - RunMarks::kKeptUs + 60'000'000);
  CHECK(rig.submit(run_body(long_run, 1, {"b"})).code == Code::kTaken);
  rig.clock.offset_us += 120'000'000;
  CHECK(rig.submit(run_body(long_run, 2, {"c"})).code == Code::kTaken);
  CHECK(rig.stored().size() == 2);
}

TEST_CASE("a full queue refuses the body, leaves it whole and counts it") {
  Pipeline::Options options;
  options.queued_bodies_max = 3;
  Rig rig(options);
  std::atomic<int> answered{0};
  const auto submit = [&](std::string body) {
    Pipeline::Job job;
    job.body = std::move(body);
    job.done = [&](const Outcome&) { ++answered; };
    const bool taken = rig.pipeline->submit(job);
    if (!taken) CHECK(job.body == "[{\"message\":\"x\"}]");
    return taken;
  };
  // Nobody works them off yet.
  for (int i = 0; i < 3; ++i) CHECK(submit("[{\"message\":\"x\"}]"));
  CHECK_FALSE(submit("[{\"message\":\"x\"}]"));
  CHECK(rig.pipeline->queued_bodies() == 3);
  CHECK(rig.pipeline->counters().refused_bodies.load() == 1);
  rig.pipeline->start();
  REQUIRE(test::eventually([&] { return answered == 3; }));
  CHECK(submit("[{\"message\":\"x\"}]"));
  REQUIRE(test::eventually([&] { return answered == 4; }));
}

TEST_CASE("the queue is bounded in bytes, but never so that one body could not pass") {
  Pipeline::Options options;
  options.queued_bytes_max = 1'000;
  Rig rig(options);
  const auto submit = [&](size_t size) {
    Pipeline::Job job;
    job.body = "[{\"message\":\"" + std::string(size, 'x') + "\"}]";
    job.done = [](const Outcome&) {};
    return rig.pipeline->submit(job);
  };
  CHECK(submit(5'000));
  CHECK_FALSE(submit(10));
  CHECK(rig.pipeline->queued_bytes() > 5'000);
  rig.pipeline->start();
  REQUIRE(test::eventually([&] { return rig.pipeline->queued_bytes() == 0; }));
  CHECK(submit(10));
}

TEST_CASE("draining finishes what was queued and takes no more") {
  Rig rig;
  std::atomic<int> answered{0};
  const auto submit = [&] {
    Pipeline::Job job;
    job.body = "[{\"message\":\"x\"}]";
    job.done = [&](const Outcome&) { ++answered; };
    return rig.pipeline->submit(job);
  };
  for (int i = 0; i < 100; ++i) REQUIRE(submit());
  rig.pipeline->start();
  rig.pipeline->drain();
  CHECK(answered == 100);
  CHECK_FALSE(submit());
  CHECK(rig.log->synced_sequence() == rig.log->next_sequence());
}

/// Lines of two services: one says what its ids are, the other one prints them in a column.
std::string lesson(int first) {
  std::string body;
  for (int i = first; i < first + 40; ++i) {
    const std::string id = fmt::format("{:08x}-0000-4000-8000-000000000000", i * 40503);
    body += fmt::format(R"({{"message":"done request_id={}","service":"shop","source":"file"}})"
                        "\n"
                        R"({{"message":"GET /x 200 {} 5b","service":"web","source":"file"}})"
                        "\n",
                        id, id);
  }
  return body;
}

TEST_CASE("what it has learnt is kept once a minute at most, and at the end, if it is new") {
  std::vector<std::string> kept;
  Pipeline::Options options;
  options.keep_learnt = [&kept](const std::string& learnt) { kept.push_back(learnt); };
  Rig rig(options);
  rig.pipeline->start();
  const auto teach_after = [&rig](int64_t seconds, int first) {
    rig.clock.offset_us += seconds * 1'000'000;
    CHECK(rig.submit(lesson(first), event::BatchForm::kNdjson).count == 80);
    // The next answer comes behind what follows this body.
    rig.submit(R"({"message":"x"})", event::BatchForm::kObject);
    return rig.pipeline->counters().events.load();
  };
  teach_after(0, 1);
  CHECK(kept.empty());
  teach_after(11, 100);
  CHECK(kept.size() == 1);
  teach_after(11, 200);
  CHECK(kept.size() == 1);
  teach_after(60, 300);
  CHECK(kept.size() == 2);
  rig.pipeline->drain();
  CHECK(kept.size() <= 3);  // an end without anything new keeps nothing

  Pipeline::Options later;
  later.learnt = kept.back();
  bool is_kept_again = false;
  later.keep_learnt = [&is_kept_again](const std::string&) { is_kept_again = true; };
  Rig again(later);
  again.pipeline->start();
  CHECK(again.submit(R"({"message":"GET /x 200 5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a 5b",)"
                     R"("service":"web","source":"file"})",
                     event::BatchForm::kObject)
            .count == 1);
  store::Query query;
  query.correlation_id = "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a";
  const auto answer = again.store->timeline(query);
  REQUIRE(answer.has_value());
  CHECK(answer->events.size() == 1);
  again.pipeline->drain();
  CHECK_FALSE(is_kept_again);
}

TEST_CASE("a body of big messages is stored in parts without losing any") {
  Rig rig;
  rig.pipeline->start();
  const std::string run = test::new_run_id(rig.clock.wall_us());
  std::vector<std::string> messages;
  for (char c = 'a'; c < 'a' + 10; ++c) messages.emplace_back(3'000'000, c);
  CHECK(rig.submit(run_body(run, 1, messages)).count == 10);
  CHECK(rig.log->next_sequence() > 2);
  CHECK((rig.stored() == messages));
}

}  // namespace
}  // namespace gasoline::daemon
