#include "event/event_reader.h"

#include <catch2/catch.hpp>
#include <string>

#include "event/fixture.h"
#include "event/json_text.h"

namespace gasoline::event {
namespace {

using test::read_object;
using test::ReadBody;

TEST_CASE("one object is one event") {
  const ReadBody body = read_object(
      R"({"event_id":"e1","timestamp":1763700000123.456,"level":"error","source":"stdout",)"
      R"("service":"auth","message":"denied","correlation_id":"c1","trace_id":"t1","span_id":"s1",)"
      R"("request_id":"r1","tags":["a","b"],"line":7,"user":"u"})");
  const Event& event = body.event();
  CHECK(event.event_id == "e1");
  CHECK(event.timestamp_us == 1'763'700'000'123'456);
  CHECK(event.timestamp_stated);
  CHECK(event.level == Level::kError);
  CHECK(event.level_stated);
  CHECK(event.source == SourceKind::kStdout);
  CHECK(event.service == "auth");
  CHECK(event.message == "denied");
  CHECK(event.correlation_id == "c1");
  CHECK(event.trace_id == "t1");
  CHECK(event.span_id == "s1");
  CHECK(event.request_id == "r1");
  CHECK(event.line == 7);
  REQUIRE(event.tags.size() == 2);
  CHECK(event.tags[1] == "b");
  CHECK(event.metadata == R"("user":"u")");
}

TEST_CASE("only the message is required, and it may be empty") {
  const ReadBody body = read_object(R"({"message":""})");
  const Event& event = body.event();
  CHECK(event.message.empty());
  CHECK(event.level == Level::kInfo);
  CHECK_FALSE(event.level_stated);
  CHECK_FALSE(event.timestamp_stated);
  CHECK(event.metadata.empty());
}

TEST_CASE("a batch with an envelope, a bare array and NDJSON hold the same events") {
  const std::string a = R"({"message":"a"})";
  const std::string b = R"({"message":"b"})";
  for (const auto& [text, form] :
       {std::pair("{\"events\":[" + a + "," + b + "]}", BatchForm::kBatch),
        std::pair("[" + a + "," + b + "]", BatchForm::kBatch),
        std::pair(a + "\n" + b + "\n", BatchForm::kNdjson),
        std::pair("\n \t\r\n" + a + "\r\n\n" + b, BatchForm::kNdjson)}) {
    INFO(text);
    const ReadBody body(text, form);
    REQUIRE(body.status);
    REQUIRE(body.batch.events.size() == 2);
    CHECK(body.batch.events[0].message == "a");
    CHECK(body.batch.events[1].message == "b");
    CHECK(body.batch.total == 2);
    CHECK(body.batch.indexes == std::vector<size_t>{0, 1});
    CHECK(body.batch.run_id.empty());
  }
}

TEST_CASE("the messages of one document lie in the batch's texts, in their order") {
  const ReadBody body(
      R"({"events":[{"text":"first","x":"\u0041"},{"message":""},{"y":1},{"x":2,"msg":"a\nb"}]})",
      BatchForm::kBatch);
  REQUIRE(body.batch.events.size() == 3);
  const char* at = body.batch.texts.data();
  for (const Event& event : body.batch.events) {
    CHECK(event.message.data() >= at);
    at = event.message.data() + event.message.size();
  }
  CHECK(at == body.batch.texts.data() + body.batch.texts.size());
  CHECK(ReadBody("{\"message\":\"a\"}\n", BatchForm::kNdjson).batch.texts.empty());
}

TEST_CASE("an envelope says what its events do not say themselves") {
  const ReadBody body(
      R"({"run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","service":"web","host":"h","tags":["env:dev"],)"
      R"("seq":41,"events":[{"message":"a"},{"message":"b","service":"own","tags":["x"],"k":1},)"
      R"({"message":"c","host":"own-host"}]})");
  REQUIRE(body.status);
  REQUIRE(body.batch.events.size() == 3);
  CHECK(body.batch.run_id == "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  CHECK(body.batch.first_seq == 41);
  const Event& plain = body.batch.events[0];
  CHECK(plain.service == "web");
  REQUIRE(plain.tags.size() == 1);
  CHECK(plain.tags[0] == "env:dev");
  CHECK(plain.metadata == R"("host":"h")");
  const Event& own = body.batch.events[1];
  CHECK(own.service == "own");
  CHECK(own.tags[0] == "x");
  CHECK(own.metadata == R"("k":1,"host":"h")");
  CHECK(body.batch.events[2].metadata == R"("host":"own-host")");
}

TEST_CASE("a service is taken from its tag, unless it is named") {
  CHECK(read_object(R"({"message":"m","tags":["env:dev","service:auth"]})").event().service ==
        "auth");
  CHECK(read_object(R"({"message":"m","tags":["service:auth"],"service":"own"})").event().service ==
        "own");
  CHECK(read_object(R"({"message":"m","tags":"service:one"})").event().service == "one");
  const std::string longest(kServiceSizeMax + 50, 's');
  CHECK(read_object(R"({"message":"m","tags":["service:)" + longest + R"("]})")
            .event()
            .service.size() == kServiceSizeMax);
}

TEST_CASE("every alias is read, and the better name wins whichever comes first") {
  struct Row {
    std::string_view winner;
    std::string_view loser;
  };
  for (const Row& row : {Row{"message", "msg"}, Row{"message", "text"}, Row{"message", "log"},
                         Row{"msg", "text"}, Row{"msg", "log"}, Row{"text", "log"}}) {
    const std::string winner = "\"" + std::string(row.winner) + "\":\"won\"";
    const std::string loser = "\"" + std::string(row.loser) + "\":\"lost\"";
    for (const std::string& members : {winner + "," + loser, loser + "," + winner}) {
      INFO(members);
      const ReadBody body = read_object("{" + members + "}");
      CHECK(body.event().message == "won");
      CHECK(body.event().metadata == loser);
    }
  }
  for (const char* name : {"message", "msg", "text", "log"}) {
    CHECK(read_object("{\"" + std::string(name) + "\":\"m\"}").event().message == "m");
  }
}

TEST_CASE("of two times or levels the better name wins and the other is kept") {
  struct Row {
    std::string_view winner;
    std::string_view loser;
  };
  for (const Row& row :
       {Row{"timestamp", "ts"}, Row{"ts", "@timestamp"}, Row{"@timestamp", "time"}}) {
    const std::string winner = "\"" + std::string(row.winner) + "\":1763700000";
    const std::string loser = "\"" + std::string(row.loser) + "\":1000000000";
    for (const std::string& members : {winner + "," + loser, loser + "," + winner}) {
      INFO(members);
      const ReadBody body = read_object("{\"message\":\"m\"," + members + "}");
      CHECK(body.event().timestamp_us == 1'763'700'000'000'000);
      CHECK(body.event().metadata == loser);
    }
  }
  for (const Row& row : {Row{"level", "severity"}, Row{"severity", "lvl"}, Row{"level", "lvl"}}) {
    const std::string winner = "\"" + std::string(row.winner) + "\":\"error\"";
    const std::string loser = "\"" + std::string(row.loser) + "\":\"DEBUG\"";
    for (const std::string& members : {winner + "," + loser, loser + "," + winner}) {
      INFO(members);
      const ReadBody body = read_object("{\"message\":\"m\"," + members + "}");
      CHECK(body.event().level == Level::kError);
      CHECK(body.event().metadata == loser);
    }
  }
}

TEST_CASE("a time is read in any unit and form") {
  for (const char* time :
       {"1763700000.123456", "1763700000123.456", "1763700000123456", "1763700000123456000",
        "\"2025-11-21T04:40:00.123456Z\"", "\"2025-11-21 05:40:00,123456+01:00\"",
        "\"1763700000.123456\"", "\"1763700000123456\""}) {
    INFO(time);
    const ReadBody body = read_object("{\"message\":\"m\",\"ts\":" + std::string(time) + "}");
    CHECK(body.event().timestamp_us == 1'763'700'000'123'456);
    CHECK(body.event().timestamp_stated);
  }
}

TEST_CASE("the word of a level stays where it differs") {
  struct Row {
    std::string_view json;
    Level level;
    bool is_stated;
    std::string_view metadata;
  };
  for (const Row& row : {Row{"\"warn\"", Level::kWarn, true, ""},
                         Row{"\"WARNING\"", Level::kWarn, true, R"("level_raw":"WARNING")"},
                         Row{"\"fatal\"", Level::kCritical, true, R"("level_raw":"fatal")"},
                         Row{"50", Level::kError, true, R"("level_raw":50)"},
                         Row{"\"strange\"", Level::kInfo, false, R"("level_raw":"strange")"},
                         Row{"77", Level::kInfo, false, R"("level_raw":77)"}}) {
    INFO(row.json);
    const ReadBody body =
        read_object("{\"message\":\"m\",\"level\":" + std::string(row.json) + "}");
    CHECK(body.event().level == row.level);
    CHECK(body.event().level_stated == row.is_stated);
    CHECK(body.event().metadata == row.metadata);
  }
}

TEST_CASE("what is no id stays in the metadata") {
  for (const char* field : {"correlation_id", "trace_id", "span_id", "request_id"}) {
    for (const std::string& value :
         {std::string("\"\""), std::string("\"a b\""), std::string("\"0000\""), std::string("true"),
          std::string("-5"), std::string("1.5"), std::string("[\"a\"]"),
          "\"" + std::string(129, 'x') + "\""}) {
      const std::string member = "\"" + std::string(field) + "\":" + value;
      INFO(member);
      const ReadBody body = read_object("{\"message\":\"m\"," + member + "}");
      CHECK(body.event().correlation_id.empty());
      CHECK(body.event().trace_id.empty());
      CHECK(body.event().span_id.empty());
      CHECK(body.event().request_id.empty());
      CHECK(body.event().metadata == member);
    }
  }
  CHECK(read_object(R"({"message":"m","request_id":4711})").event().request_id == "4711");
}

TEST_CASE("nulls are as good as absent") {
  const ReadBody body = read_object(
      R"({"message":"m","msg":null,"level":null,"timestamp":null,"tags":null,"service":null,)"
      R"("correlation_id":null,"metadata":null,"other":null})");
  CHECK(body.event().metadata.empty());
  CHECK_FALSE(body.event().level_stated);
}

TEST_CASE("all that is not known is kept, as it was") {
  const std::string members =
      R"("a":"x\ny","b":-5,"c":18446744073709551615,"d":1.5,"e":1e+300,"f":true,"g":false,)"
      R"("h":[],"i":{},"j":[1,[2,{"k":null}],"z"],"receive_time":5,"seq":9,"\"q\"":0)";
  const ReadBody body = read_object("{\"message\":\"m\"," + members + "}");
  CHECK(body.event().metadata == members);
  CHECK(body.event().seq == 0);
  CHECK(read_object(R"({"metadata":{"a":1,"b":[2]},"c":3,"message":"m"})").event().metadata ==
        R"("a":1,"b":[2],"c":3)");
  CHECK(read_object(R"({"message":"m","source":"browser","line":-1})").event().metadata ==
        R"("source":"browser","line":-1)");
}

TEST_CASE("a wrong type is named with what would be accepted") {
  struct Row {
    std::string_view member;
    std::string_view error;
  };
  constexpr std::string_view kTime =
      "accepted: a number of seconds, ms, us or ns since 1970, or text as in RFC 3339";
  for (const Row& row :
       {Row{R"("message":5)", "'message' is a number; accepted: a string"},
        Row{R"("msg":["a"])", "'msg' is an array; accepted: a string"},
        Row{R"("text":{"a":1})", "'text' is an object; accepted: a string"},
        Row{R"("log":true)", "'log' is true or false; accepted: a string"},
        Row{R"("message":"m","level":[])",
            "'level' is an array; accepted: debug, info, warn, error or critical"},
        Row{R"("message":"m","tags":5)",
            "'tags' is a number; accepted: an array of at most 64 strings"},
        Row{R"("message":"m","tags":["a",5])",
            "'tags' is an array; accepted: an array of at most 64 strings"},
        Row{R"("message":"m","metadata":"x")", "'metadata' is a string; accepted: an object"},
        Row{R"("message":"m","event_id":5)", "'event_id' is a number; accepted: a string"},
        Row{R"("message":"m","service":[])", "'service' is an array; accepted: a string"}}) {
    INFO(row.member);
    CHECK(read_object("{" + std::string(row.member) + "}").failure() == row.error);
  }
  CHECK(read_object(R"({"message":"m","ts":true})").failure() ==
        "'ts' is true or false; " + std::string(kTime));
  CHECK(read_object(R"({"message":"m","time":"noon"})").failure() ==
        "'time' is not a time; " + std::string(kTime));
  CHECK(read_object(R"({"message":"m","time":-1})").failure() ==
        "'time' is out of range; " + std::string(kTime));
  CHECK(read_object(R"({"level":"info"})").failure() ==
        "'message' is missing; accepted: a string under 'message', 'msg', 'text' or 'log'");
  CHECK(read_object("[]").failure() ==
        "the event is an array; accepted: a JSON object with 'message'");
}

TEST_CASE("what is over a bound is refused with the bound") {
  const std::string id(kEventIdSizeMax, 'e');
  CHECK(read_object(R"({"message":"m","event_id":")" + id + "\"}").event().event_id == id);
  CHECK(read_object(R"({"message":"m","event_id":"x)" + id + "\"}").failure() ==
        "'event_id' has 129 bytes; accepted: at most 128");
  CHECK(read_object(R"({"message":"m","service":")" + std::string(257, 's') + "\"}").failure() ==
        "'service' has 257 bytes; accepted: at most 256");
  std::string tags;
  for (size_t i = 0; i < kTagsMax; ++i) tags += "\"t\",";
  tags.pop_back();
  CHECK(read_object(R"({"message":"m","tags":[)" + tags + "]}").event().tags.size() == kTagsMax);
  CHECK(read_object(R"({"message":"m","tags":[)" + tags + ",\"t\"]}").failure() ==
        "'tags' is an array; accepted: an array of at most 64 strings");
}

std::string nested(size_t levels) {
  // The event itself is the first level.
  return R"({"message":"m","x":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') +
         "}";
}

TEST_CASE("an event may be nested 64 levels deep and no deeper") {
  const std::string deepest = nested(EventReader::kDepthMax);
  CHECK(read_object(deepest).event().metadata == deepest.substr(15, deepest.size() - 16));
  CHECK(read_object(nested(EventReader::kDepthMax + 1)).failure() ==
        "the event is nested too deep; accepted: at most 64 levels");
  const ReadBody body("[" + nested(65) + R"(,{"message":"good"},)" + nested(2000) + "]");
  REQUIRE(body.status);
  REQUIRE(body.batch.events.size() == 1);
  CHECK(body.batch.events[0].message == "good");
  CHECK(body.batch.failures.size() == 2);
}

TEST_CASE("a bad event stops no other") {
  const ReadBody body(R"([{"message":"a"},5,{"msg":1},{"message":"b"},"x",null,{},[]])");
  REQUIRE(body.status);
  CHECK(body.batch.total == 8);
  CHECK(body.batch.indexes == std::vector<size_t>{0, 3});
  CHECK(body.batch.events[1].message == "b");
  std::vector<size_t> failed;
  for (const auto& failure : body.batch.failures) failed.push_back(failure.index);
  CHECK(failed == std::vector<size_t>{1, 2, 4, 5, 6, 7});
}

TEST_CASE("a bad line of NDJSON stops no other") {
  const ReadBody body("{\"message\":\"a\"}\nnot json\n{\"message\":\"b\"\n\n{\"message\":\"c\"}",
                      BatchForm::kNdjson);
  REQUIRE(body.status);
  REQUIRE(body.batch.events.size() == 2);
  CHECK(body.batch.indexes == std::vector<size_t>{0, 3});
  CHECK(body.batch.events[0].message == "a");
  CHECK(body.batch.events[1].message == "c");
  REQUIRE(body.batch.failures.size() == 2);
  CHECK(body.batch.failures[0].error.starts_with("not JSON: "));
}

TEST_CASE("a body that is not of its form is refused as a whole") {
  for (const char* text :
       {"", " ", "x", "{", "[", "[{\"message\":\"a\"}", "{\"events\":[]", "{\"events\":[{]}",
        "[1,]", "{}", "5", "null", "\"x\"", "{\"event\":[]}", "{\"events\":{}}",
        "{\"events\":null}", "[{\"message\":\"a\"}] x", "\xFF\xFE"}) {
    INFO(text);
    const ReadBody body(text);
    REQUIRE_FALSE(body.status);
    CHECK(body.status.error().code == Error::kInvalid);
    CHECK_FALSE(body.status.error().to_string().empty());
  }
  CHECK_FALSE(read_object("").status);
  CHECK_FALSE(read_object("{\"message\":\"a\"").status);
}

TEST_CASE("an envelope that contradicts itself is refused") {
  for (const char* members :
       {R"("run_id":5)", R"("run_id":"r")", R"("run_id":"r","seq":0)", R"("run_id":"r","seq":-1)",
        R"("run_id":"r","seq":"1")", R"("seq":1.5)", R"("service":5)", R"("host":[])",
        R"("tags":5)", R"("tags":[5])"}) {
    INFO(members);
    const ReadBody body("{" + std::string(members) + ",\"events\":[{\"message\":\"m\"}]}");
    REQUIRE_FALSE(body.status);
    CHECK(body.status.error().code == Error::kInvalid);
  }
}

TEST_CASE("an empty batch is good and holds nothing") {
  for (const auto& [text, form] :
       {std::pair("[]", BatchForm::kBatch), std::pair("{\"events\":[]}", BatchForm::kBatch),
        std::pair("", BatchForm::kNdjson), std::pair("\n\n", BatchForm::kNdjson)}) {
    const ReadBody body(text, form);
    CHECK(body.status);
    CHECK(body.batch.total == 0);
    CHECK(body.batch.events.empty());
  }
}

std::string repeated(size_t count, std::string_view separator) {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += separator;
    text += R"({"message":"m"})";
  }
  return text;
}

TEST_CASE("ten thousand events are taken and one more is too many, in every form") {
  constexpr size_t kMost = EventReader::kEventsMax;
  CHECK(ReadBody("[" + repeated(kMost, ",") + "]").batch.events.size() == kMost);
  CHECK(ReadBody(repeated(kMost, "\n"), BatchForm::kNdjson).batch.events.size() == kMost);
  for (const auto& [text, form] :
       {std::pair("[" + repeated(kMost + 1, ",") + "]", BatchForm::kBatch),
        std::pair("{\"events\":[" + repeated(kMost + 1, ",") + "]}", BatchForm::kBatch),
        std::pair("[1e999," + repeated(kMost, ",") + "]", BatchForm::kBatch),
        std::pair("{\"events\":[1e999," + repeated(kMost, ",") + "]}", BatchForm::kBatch),
        std::pair(repeated(kMost + 1, "\n"), BatchForm::kNdjson)}) {
    const ReadBody body(text, form);
    REQUIRE_FALSE(body.status);
    CHECK(body.status.error().code == Error::kTooLarge);
  }
}

TEST_CASE("bytes that are not UTF-8 become U+FFFD in whatever holds them") {
  const ReadBody body(
      "[{\"message\":\"a\xFF"
      "b\",\"k\xC2\":\"\xE2\x82\"},{\"message\":\"c\"}]");
  REQUIRE(body.status);
  REQUIRE(body.batch.events.size() == 2);
  CHECK(body.batch.events[0].message ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(body.batch.events[0].metadata == "\"k\xEF\xBF\xBD\":\"\xEF\xBF\xBD\"");
  CHECK(is_valid_utf8(body.batch.events[0].metadata));
  CHECK(ReadBody("{\"message\":\"\x80\"}\n", BatchForm::kNdjson).event().message == "\xEF\xBF\xBD");
}

TEST_CASE("a reader that refused one body reads the next") {
  EventReader reader;
  Arena arena;
  ParsedBatch batch;
  const auto padded = [](std::string text) {
    text.reserve(text.size() + EventReader::kPaddingBytes);
    return text;
  };
  const std::string bad = padded("[{\"message\":");
  const std::string rescued = padded("[1e999,{\"message\":\"r\"}]");
  const std::string good = padded("[{\"message\":\"g\"}]");
  CHECK_FALSE(reader.read(bad, BatchForm::kBatch, arena, batch));
  CHECK(reader.read(good, BatchForm::kBatch, arena, batch));
  CHECK(reader.read(rescued, BatchForm::kBatch, arena, batch));
  CHECK(batch.events.size() == 1);
  CHECK(reader.read(good, BatchForm::kBatch, arena, batch));
  REQUIRE(batch.events.size() == 1);
  CHECK(batch.failures.empty());
  CHECK(batch.events[0].message == "g");
}

}  // namespace
}  // namespace gasoline::event
