#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "capture/sender_rig.h"

namespace gasoline::capture {
namespace {

using test::eventually;
using test::RawAnswer;
using test::ReceivedBatch;
using test::SenderRig;

constexpr int64_t kLongUs = 3'600'000'000;

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE("a busy or broken daemon is asked again until it takes the batch") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch& batch) {
    switch (batch.number) {
      case 0:
        return test::problem_answer(503, "log_unavailable");
      case 1:
        return test::answer(500, "");
      case 2:
        return test::problem_answer(429, "busy");
      default:
        return test::taken();
    }
  });
  rig.own.add_lines({"line"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  const auto batches = rig.daemon->batches();
  REQUIRE(batches.size() == 4);
  for (const ReceivedBatch& batch : batches) CHECK(batch.body == batches[0].body);
  CHECK(rig.complaints.all().empty());
}

TEST_CASE("nothing is sent again before the time that Retry-After names") {
  // With a daemon that we started, too: its first answers come while we still try in quick
  // succession.
  const bool starts_daemon = GENERATE(false, true);
  SenderRig rig;
  const auto script = [](const ReceivedBatch& batch) {
    return batch.number == 0 ? test::problem_answer(429, "busy", "Retry-After: 1\r\n")
                             : test::taken();
  };
  if (!starts_daemon) rig.listen(script);
  rig.own.add_lines({"line"});
  rig.start(false, starts_daemon ? "/bin/true" : "");
  if (starts_daemon) {
    REQUIRE(eventually([&] { return rig.sender->counters().failed_requests.load() > 0; }));
    rig.listen(script);
  }
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  const auto batches = rig.daemon->batches();
  REQUIRE(batches.size() == 2);
  CHECK(batches[1].monotonic_us - batches[0].monotonic_us >= 1'000'000);
}

TEST_CASE("a daemon that appears later gets everything") {
  SenderRig rig;
  rig.own.add_lines({"before it came"});
  rig.start();
  REQUIRE(eventually([&] { return rig.sender->counters().failed_requests.load() > 1; }));
  CHECK(rig.acknowledged == 0);
  rig.add_lines({"while it is away"});
  rig.listen([](const ReceivedBatch&) { return test::taken(); });
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  CHECK(rig.daemon->stored() == rig.expected());
}

TEST_CASE("a daemon that is started anew goes on where the old one stopped") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch&) { return test::taken(); });
  rig.own.add_lines({"first"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  rig.daemon.reset();
  rig.add_lines({"second"});
  rig.listen([](const ReceivedBatch&) { return test::taken(); });
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  REQUIRE(rig.daemon->stored().size() == 1);
  CHECK(rig.daemon->stored().begin()->second == "second");
}

TEST_CASE("whatever else answers acknowledges nothing and is named once") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch& batch) {
    switch (batch.number) {
      case 0:
        return test::answer(200, "{\"status\":\"ok\"}");
      case 1:
        return test::answer(404, "<html>not here</html>");
      case 2:
        return test::problem_answer(401, "token_required");
      default:
        return test::taken();
    }
  });
  rig.own.add_lines({"line"});
  rig.start();
  REQUIRE(eventually([&] { return rig.daemon->request_count() == 3; }));
  CHECK(rig.acknowledged == 0);
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  REQUIRE(rig.complaints.all().size() == 1);
  CHECK(rig.complaints.count_of("the test's socket is not gasolined (HTTP 200)") == 1);
}

TEST_CASE(
    "an answer that is cut, or no HTTP at all, is no acknowledgement: the batch comes again") {
  const std::string cut = GENERATE(
      std::string("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"ack\":\"written\""),
      std::string("HTTP/1.1 200 OK\r\nContent-Le"), std::string("garbage\r\n\r\n"), std::string());
  CAPTURE(cut);
  SenderRig rig;
  rig.listen([&](const ReceivedBatch& batch) {
    if (batch.number > 0) return test::taken();
    RawAnswer raw;
    raw.bytes = cut;
    raw.closes = true;
    raw.takes_events = true;  // the daemon has them; only its answer is lost
    return raw;
  });
  rig.own.add_lines({"one", "two"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  const auto batches = rig.daemon->batches();
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].body == batches[1].body);
  CHECK(rig.daemon->stored() == rig.expected());
  CHECK(rig.daemon->contradictions() == 0);
}

TEST_CASE("a refused batch is halved until the bad event is alone, and only that one is left out") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch& batch) {
    const bool is_bad = batch.body.find("poison") != std::string::npos;
    return is_bad ? test::problem_answer(413, "body_too_large") : test::taken();
  });
  std::vector<std::string> lines(16, "good");
  lines[11] = "poison";
  rig.own.add_lines(lines);
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  auto expected = rig.expected();
  expected.erase(rig.own.run().run_id + "/12");
  CHECK(rig.daemon->stored() == expected);
  CHECK(rig.sender->counters().rejected_events.load() == 1);
  CHECK(rig.complaints.count_of("rejected.ndjson") == 1);
  const std::string rejected = contents(rig.own.directory() + "/rejected.ndjson");
  CHECK(rejected.find("\"first_seq\":12,\"events\":1") != std::string::npos);
  CHECK(rejected.find("poison") == std::string::npos);
}

TEST_CASE("a bad request that does not speak of events splits nothing") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch& batch) {
    return batch.number < 2 ? test::answer(413, "<html>too large</html>") : test::taken();
  });
  rig.own.add_lines({"a", "b", "c", "d"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  for (const ReceivedBatch& batch : rig.daemon->batches()) CHECK(batch.messages.size() == 4);
}

TEST_CASE("events that the daemon took no part of are noted, counted and delivered for good") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch& batch) {
    const std::string failed =
        R"([{"index":1,"error":"no message"},{"index":2,"error":"too old"}])";
    return test::taken("written", batch.number == 0 ? failed : "[]");
  });
  rig.own.add_lines({"one", "two", "three"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  rig.add_lines({"four"});
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  CHECK(rig.daemon->request_count() == 2);
  CHECK(rig.sender->counters().rejected_events.load() == 2);
  CHECK(contents(rig.own.directory() + "/rejected.ndjson") ==
        "{\"first_seq\":1,\"events\":3,\"failed\":"
        R"([{"index":1,"error":"no message"},{"index":2,"error":"too old"}])"
        "}\n");
  CHECK(rig.complaints.all().size() == 1);
}

TEST_CASE("a daemon that was killed while we finish is not waited for") {
  SenderRig rig;
  rig.listen([](const ReceivedBatch&) { return test::taken(); });
  rig.own.add_lines({"first"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  rig.daemon.reset();
  rig.own.add_lines({"second"});
  CHECK_FALSE(rig.sender->finish(kLongUs, kLongUs));
  CHECK_FALSE(rig.is_all_acknowledged());
}

}  // namespace
}  // namespace gasoline::capture
