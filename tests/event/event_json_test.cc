#include "event/event_json.h"

#include <catch2/catch.hpp>
#include <vector>

#include "event/fixture.h"

namespace gasoline::event {
namespace {

TEST_CASE("an empty event has every name of the contract, with nulls") {
  CHECK(test::json_of(Event{}) ==
        R"({"event_id":"","timestamp":0.000,"receive_time":0.000,"level":"info","source":"api",)"
        R"("service":"","message":"","correlation_id":null,"trace_id":null,"span_id":null,)"
        R"("request_id":null,"metadata":{},"tags":[]})");
}

TEST_CASE("a full event is written exactly as the contract says") {
  const std::vector<std::string_view> tags{"service:auth", "env:d\"v"};
  Event event;
  event.event_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  event.timestamp_us = 1'763'700'000'123'456;
  event.receive_time_us = 1'763'700'000'123'999;
  event.level = Level::kCritical;
  event.source = SourceKind::kStderr;
  event.service = "auth";
  event.message = "a \"b\"\n\xFF";
  event.correlation_id = "c";
  event.trace_id = "t";
  event.span_id = "s";
  event.request_id = "r";
  event.metadata = R"("pid":7,"deep":{"a":[1,null]})";
  event.tags = tags;
  event.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAX";
  event.seq = 18446744073709551615ULL;
  event.line = 12;
  CHECK(test::json_of(event) ==
        R"({"event_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","timestamp":1763700000123.456,)"
        R"("receive_time":1763700000123.999,"level":"critical","source":"stderr",)"
        R"("service":"auth","message":"a \"b\"\n)"
        "\xEF\xBF\xBD"
        R"(","correlation_id":"c","trace_id":"t","span_id":"s","request_id":"r",)"
        R"("metadata":{"pid":7,"deep":{"a":[1,null]}},"tags":["service:auth","env:d\"v"],)"
        R"("run_id":"01ARZ3NDEKTSV4RRFFQ69G5FAX","seq":18446744073709551615,"line":12})");
}

TEST_CASE("only an event of a run has a number, and only a line has a line number") {
  Event event;
  event.seq = 5;
  event.line = 6;
  CHECK(test::json_of(event).find("\"seq\"") == std::string::npos);
  event.run_id = "run";
  CHECK(test::json_of(event).ends_with(R"("tags":[],"run_id":"run","seq":5,"line":6})"));
  event.line = 0;
  CHECK(test::json_of(event).ends_with(R"("tags":[],"run_id":"run","seq":5})"));
}

TEST_CASE("what is written is read again as the same event") {
  const std::string input =
      R"({"event_id":"e","timestamp":1763700000123.456,"level":"warn","source":"loki",)"
      R"("service":"s","message":"m","correlation_id":"c-1","trace_id":"t","span_id":"p",)"
      R"("request_id":"r","metadata":{"a":1},"tags":["x"]})";
  const test::ReadBody first(input, BatchForm::kObject);
  const std::string written = test::json_of(first.event());
  const test::ReadBody second(written, BatchForm::kObject);
  Event again = second.event();
  // The receive time is the daemon's to give, and is kept as metadata where a producer states one.
  CHECK(again.metadata == R"("receive_time":0,"a":1)");
  again.metadata = first.event().metadata;
  CHECK(test::json_of(again) == written);
}

}  // namespace
}  // namespace gasoline::event
