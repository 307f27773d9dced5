#include "spool/run_description.h"

#include <catch2/catch.hpp>

#include "base/random.h"
#include "spool/spool_fixture.h"
#include "support/seed.h"

namespace gasoline::spool {
namespace {

void check_same(const RunDescription& a, const RunDescription& b) {
  CHECK(a.run_id == b.run_id);
  CHECK(a.service == b.service);
  CHECK(a.host == b.host);
  CHECK(a.project == b.project);
  CHECK(a.tags == b.tags);
  CHECK(a.started_us == b.started_us);
  CHECK(a.pid == b.pid);
}

void check_round_trip(const RunDescription& run) {
  const auto read = parse_run_description(to_text(run));
  REQUIRE(read);
  check_same(*read, run);
}

TEST_CASE("a description is one line a value") {
  CHECK(to_text(test::some_run()) ==
        "run_id: 01ARZ3NDEKTSV4RRFFQ69G5FAV\nservice: web \"shop\"\nhost: box\nproject: proj\n"
        "started_us: 1763700000000000\npid: 4711\ntag: env:dev\ntag: a\\\\b\n");
  check_round_trip(test::some_run());
}

TEST_CASE("values with line ends and backslashes come back") {
  for (const std::string value : {"", " ", "a\nb", "a\r\nb", "\\", "\\\\", "\\n", "a\\nb\n",
                                  "\n\\r\r", ": ", "service: x", "caf\xC3\xA9", "\xFF", "\t"}) {
    INFO("'" << value << "'");
    RunDescription run = test::some_run();
    run.service = run.host = run.project = value;
    run.tags = {value, "between", value};
    check_round_trip(run);
  }
}

TEST_CASE("random descriptions come back") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  const auto text = [&] {
    std::string value(random.next_u64() % 12, ' ');
    for (char& c : value) c = "\n\r\\nr: ab"[random.next_u64() % 9];
    return value;
  };
  for (int round = 0; round < 2000; ++round) {
    RunDescription run;
    run.run_id = test::kRunId;
    run.service = text();
    run.host = text();
    run.project = text();
    run.tags.resize(random.next_u64() % 4);
    for (std::string& tag : run.tags) tag = text();
    run.started_us = static_cast<int64_t>(random.next_u64());
    run.pid = static_cast<int64_t>(random.next_u64() >> 40);
    check_round_trip(run);
  }
}

TEST_CASE("unknown lines of a later version are passed over") {
  const auto read = parse_run_description(
      "later: x\nno colon\n\nrun_id: 01ARZ3NDEKTSV4RRFFQ69G5FAV\npid: many\nservice: s");
  REQUIRE(read);
  CHECK(read->service == "s");
  CHECK(read->pid == 0);
}

TEST_CASE("a description without the run's id is refused") {
  for (const char* text :
       {"", "\n", "service: s\n", "run_id: \n", "run_id:01ARZ3NDEKTSV4RRFFQ69G5FAV\n",
        "run_id: 01arz3ndektsv4rrffq69g5fav\n", "run_id: ../../../../etc/passwd\n",
        "run_id: 01ARZ3NDEKTSV4RRFFQ69G5FA"}) {
    INFO(text);
    const auto read = parse_run_description(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Error::kInvalid);
  }
}

TEST_CASE("an envelope is exact, and is JSON whatever the values are") {
  CHECK(envelope_members(test::some_run(), 9) ==
        R"("run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","service":"web \"shop\"","host":"box",)"
        R"("tags":["service:web \"shop\"","project:proj","env:dev","a\\b"],"seq":9)");
  RunDescription run;
  run.run_id = test::kRunId;
  run.service = "\xFF\n";
  CHECK(envelope_members(run, 1) ==
        "\"run_id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\",\"service\":\"\xEF\xBF\xBD\\n\",\"host\":\"\","
        "\"tags\":[\"service:\xEF\xBF\xBD\\n\"],\"seq\":1");
}

}  // namespace
}  // namespace gasoline::spool
