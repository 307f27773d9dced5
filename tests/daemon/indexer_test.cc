#include "daemon/indexer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <vector>

#include "daemon/daemon_rig.h"
#include "support/fault_file_system.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kMany = Indexer::kEventsAtOnceMax + 1;

TEST_CASE("jobs are indexed in their order, each before its answer") {
  std::vector<size_t> indexed;
  std::vector<size_t> answered;
  {
    Indexer indexer([&](Work& work) { indexed.push_back(work.logged); });
    for (size_t i = 0; i < 1000; ++i) {
      Work& work = indexer.take();
      // Small ones are indexed by the caller where nothing is before them.
      work.logged = i % 3 == 0 ? 1000 + i : i % 256;
      work.done = [&, logged = work.logged] {
        REQUIRE(indexed.back() == logged);
        answered.push_back(logged);
      };
      indexer.submit(work);
    }
  }
  CHECK(indexed.size() == 1000);
  CHECK(answered == indexed);
  for (size_t i = 0; i < 1000; ++i) REQUIRE(indexed[i] == (i % 3 == 0 ? 1000 + i : i % 256));
}

TEST_CASE("no more jobs are on their way than there is room for") {
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  std::atomic<int> answers{0};
  Indexer indexer([&](Work&) { may_go_on.wait(); });
  for (size_t i = 0; i + 1 < Indexer::kWorks; ++i) {
    Work& work = indexer.take();
    work.logged = kMany;
    work.done = [&] { ++answers; };
    indexer.submit(work);
  }
  Work& last = indexer.take();
  last.logged = kMany;
  last.done = [&] { ++answers; };
  indexer.submit(last);
  std::atomic<bool> has_taken{false};
  std::thread waiting([&] {
    Work& next = indexer.take();
    has_taken = true;
    next.logged = 0;
    indexer.submit(next);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(has_taken);
  CHECK(answers == 0);
  go_on.set_value();
  waiting.join();
  indexer.wait_until_idle();
  CHECK(has_taken);
  CHECK(answers == static_cast<int>(Indexer::kWorks));
}

TEST_CASE("who has the answer to a large batch finds all of its events") {
  auto files = std::make_unique<test::FaultFileSystem>(1);
  test::PipelineRig rig(*files, "/events");
  rig.pipeline->start();
  for (int round = 0; round < 5; ++round) {
    std::string body = "[";
    for (int i = 0; i < 3000; ++i) {
      body += i == 0 ? "" : ",";
      body += "{\"message\":\"m" + std::to_string(i) + "\"}";
    }
    CHECK(rig.submit(body + "]").count == 3000);
    CHECK(rig.store->stats().events == 3000u * static_cast<unsigned>(round + 1));
  }
  rig.pipeline.reset();
  rig.log.reset();
}

TEST_CASE("an id that a producer states is recognised while its first delivery is being indexed") {
  auto files = std::make_unique<test::FaultFileSystem>(1);
  test::PipelineRig rig(*files, "/events");
  rig.pipeline->start();
  std::string body = "[";
  for (int i = 0; i < 5000; ++i) {
    body += i == 0 ? "" : ",";
    body += "{\"message\":\"m\",\"event_id\":\"id-" + std::to_string(i) + "\"}";
  }
  body += "]";
  std::vector<std::future<Outcome>> outcomes;
  for (int i = 0; i < 6; ++i) {
    auto promise = std::make_shared<std::promise<Outcome>>();
    outcomes.push_back(promise->get_future());
    Pipeline::Job job;
    job.body = body;
    job.done = [promise](Outcome outcome) { promise->set_value(std::move(outcome)); };
    REQUIRE(rig.pipeline->submit(job));
  }
  uint64_t duplicates = 0;
  for (std::future<Outcome>& outcome : outcomes) duplicates += outcome.get().duplicates;
  CHECK(duplicates == 5u * 5000u);
  CHECK(rig.store->stats().events == 5000);
  CHECK(rig.pipeline->counters().events.load() == 5000);
  rig.pipeline.reset();
  rig.log.reset();
}

TEST_CASE("events of one batch have ids that differ and rise") {
  auto files = std::make_unique<test::FaultFileSystem>(1);
  test::PipelineRig rig(*files, "/events");
  rig.pipeline->start();
  const Outcome a = rig.submit(R"([{"message":"a"},{"message":"b"},{"message":"c"}])");
  const Outcome b = rig.submit(R"([{"message":"d"}])");
  CHECK(a.event_ids.substr(0, 28) < a.event_ids.substr(29, 28));
  CHECK(a.event_ids.substr(29, 28) < a.event_ids.substr(58, 28));
  CHECK(a.event_ids.find(b.event_ids) == std::string::npos);
  rig.pipeline.reset();
  rig.log.reset();
}

}  // namespace
}  // namespace gasoline::daemon
