#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"
#include "event/fixture.h"
#include "support/seed.h"

namespace gasoline::event {
namespace {

using test::json_of;
using test::ReadBody;

// Too big for any number: the parser of whole bodies gives up at it.
constexpr std::string_view kTooBig = R"({"message":"m","n":123456789012345678901234567890})";

std::string some_event(SeededRandom& random) {
  constexpr std::string_view kMembers[] = {R"("msg":"a \"quoted\" \\ text")",
                                           R"("ts":1763700000.25)",
                                           R"("level":"WARN")",
                                           R"("pid":17)",
                                           R"("deep":{"a":[1,{"b":"}]"}],"c":"{["})",
                                           R"("tags":["x","service:s"])",
                                           R"("correlation_id":"AbC-1")",
                                           R"("metadata":{"k":[true,null]})",
                                           R"("event_id":"e")",
                                           R"("text":"\u00e9\n")",
                                           R"("host":"own")",
                                           R"("line":3)",
                                           R"("request_id":12)"};
  std::string event = R"({"message":"m\u0041")";
  for (const std::string_view member : kMembers) {
    if (random.next_u64() % 3 == 0) event += "," + std::string(member);
  }
  return event + "}";
}

TEST_CASE("one number too big for any type costs its batch one event") {
  const ReadBody body("[{\"message\":\"a\"}," + std::string(kTooBig) + ",{\"message\":\"b\"}]");
  REQUIRE(body.status);
  CHECK(body.batch.total == 3);
  CHECK(body.batch.indexes == std::vector<size_t>{0, 2});
  CHECK(body.batch.events[0].message == "a");
  CHECK(body.batch.events[1].message == "b");
  REQUIRE(body.batch.failures.size() == 1);
  CHECK(body.batch.failures[0].index == 1);
  CHECK(body.batch.failures[0].error.starts_with("not JSON: "));
}

TEST_CASE("a rescued batch of a run keeps its identity") {
  const std::string events = "[" + std::string(kTooBig) + ",{\"message\":\"a\"}]";
  const std::string members =
      R"("run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","service":"we\"b","host":"h","tags":["t","u"],"seq":9)";
  for (const std::string& text :
       {"{" + members + ",\"events\":" + events + "}",
        "{\"events\":" + events + "," + members + "}",
        "{\"other\":{\"events\":[]},\"events\":" + events + ",\"more\":[1,2]," + members + "}"}) {
    INFO(text);
    const ReadBody body(text);
    REQUIRE(body.status);
    CHECK(body.batch.run_id == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
    CHECK(body.batch.first_seq == 9);
    REQUIRE(body.batch.events.size() == 1);
    CHECK(body.batch.indexes == std::vector<size_t>{1});
    CHECK(body.batch.events[0].service == "we\"b");
    CHECK(body.batch.events[0].tags.size() == 2);
    CHECK(body.batch.events[0].metadata == R"("host":"h")");
  }
}

TEST_CASE("a rescued batch whose envelope is bad is refused") {
  for (const char* members : {R"("run_id":"r")", R"("service":5)", R"("seq":-1)", R"("tags":{})",
                              R"("service":{"a":1})"}) {
    INFO(members);
    CHECK_FALSE(ReadBody("{" + std::string(members) + ",\"events\":[" + std::string(kTooBig) + "]}")
                    .status);
  }
  CHECK_FALSE(ReadBody("{\"events\":[" + std::string(kTooBig)).status);
  CHECK_FALSE(ReadBody("{\"n\":1e999}").status);
  CHECK_FALSE(ReadBody("1e999").status);
  CHECK_FALSE(ReadBody("[" + std::string(kTooBig) + "]}]").status);
  CHECK_FALSE(ReadBody("{\"events\":[" + std::string(kTooBig) + "]},{\"events\":[]}").status);
  CHECK_FALSE(ReadBody("[{\"message\":\"a\"}]}]").status);
}

TEST_CASE("elements that are no objects are told apart in a rescued batch too") {
  const ReadBody body("[" + std::string(kTooBig) + R"(,5,"x",[1,2],null,true,{"message":"a"}])");
  REQUIRE(body.status);
  REQUIRE(body.batch.events.size() == 1);
  CHECK(body.batch.indexes == std::vector<size_t>{6});
  REQUIRE(body.batch.failures.size() == 6);
  CHECK(body.batch.failures[1].error ==
        "the event is a number; accepted: a JSON object with 'message'");
  CHECK(body.batch.failures[2].error ==
        "the event is a string; accepted: a JSON object with 'message'");
  CHECK(body.batch.failures[3].error ==
        "the event is an array; accepted: a JSON object with 'message'");
  CHECK(body.batch.failures[4].error ==
        "the event is null; accepted: a JSON object with 'message'");
}

TEST_CASE("a rescued batch gives the same events as a good one") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string events;
    const size_t count = random.next_u64() % 6;
    for (size_t i = 0; i < count; ++i) events += some_event(random) + ",";
    const bool has_envelope = random.next_u64() % 2 == 0;
    const std::string begin =
        has_envelope ? R"({"service":"d","host":"h","tags":["t"],"events":[)" : "[";
    const std::string end = has_envelope ? "]}" : "]";
    const ReadBody good(begin + events + R"({"message":"last"})" + end);
    const ReadBody rescued(begin + events + std::string(kTooBig) + end);
    INFO(begin + events);
    REQUIRE(good.status);
    REQUIRE(rescued.status);
    REQUIRE(good.batch.events.size() == count + 1);
    REQUIRE(rescued.batch.events.size() == count);
    REQUIRE(rescued.batch.failures.size() == 1);
    for (size_t i = 0; i < count; ++i) {
      REQUIRE(json_of(rescued.batch.events[i]) == json_of(good.batch.events[i]));
      REQUIRE(rescued.batch.events[i].timestamp_stated == good.batch.events[i].timestamp_stated);
    }
  }
}

TEST_CASE("a long event survives a bad neighbour") {
  const std::string longest(3 << 20, 'x');
  const ReadBody body("[{\"message\":\"" + longest + "\"}," + std::string(kTooBig) + "]");
  REQUIRE(body.status);
  REQUIRE(body.batch.events.size() == 1);
  CHECK(body.batch.events[0].message == longest);
}

TEST_CASE("a batch over the whole-body parser's size is read element by element") {
  const std::string longest(1 << 20, 'x');
  std::string text = "[";
  for (int i = 0; i < 18; ++i) text += "{\"message\":\"" + longest + "\"},";
  text += "{\"message\":\"last\"}]";
  const ReadBody body(text);
  REQUIRE(body.status);
  CHECK(body.batch.failures.empty());
  REQUIRE(body.batch.events.size() == 19);
  CHECK(body.batch.events[17].message == longest);
  CHECK(body.batch.events[18].message == "last");
}

TEST_CASE("one document nested beyond any parser costs its batch one event") {
  for (const size_t depth : {1000U, 1100U, 100'000U}) {
    const std::string deep =
        R"({"message":"d","x":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    const ReadBody body("[" + deep + ",{\"message\":\"a\"}]");
    INFO(depth);
    REQUIRE(body.status);
    REQUIRE(body.batch.events.size() == 1);
    CHECK(body.batch.events[0].message == "a");
    CHECK(body.batch.failures.size() == 1);
  }
}

}  // namespace
}  // namespace gasoline::event
