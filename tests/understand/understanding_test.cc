#include <catch2/catch.hpp>
#include <string>

#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

using event::Level;
using event::SourceKind;

event::Event live(std::string_view message) {
  event::Event event;
  event.source = SourceKind::kStdout;
  event.timestamp_us = kReadTimeUs;
  event.message = message;
  return event;
}

TEST_CASE("on a live stream the read time orders if the printed one is the same moment") {
  Reader reader;
  // Printed with milliseconds, 400 ms before it was read.
  event::Event event = reader.read(live("2026-11-21T02:37:07.600Z INFO x"));
  CHECK(event.timestamp_us == kReadTimeUs);
  CHECK(event.metadata.find("\"stated_time\":1795228627600.000") != std::string_view::npos);
  CHECK(event.timestamp_stated);
  // With whole seconds: its own unit + 1 s, so 02:37:06 still is.
  event = reader.read(live("2026-11-21T02:37:06Z INFO x"));
  CHECK(event.timestamp_us == kReadTimeUs);
}

TEST_CASE("on a live stream a printed time of another moment orders") {
  Reader reader;
  event::Event event = reader.read(live("2026-11-21T02:37:06.115Z INFO x"));
  CHECK(event.timestamp_us == kPrintedUs);
  CHECK(event.metadata.empty());
  event = reader.read(live("2026-11-21T02:37:08.001Z INFO from the future"));
  CHECK(event.timestamp_us == kReadTimeUs + 1000);
}

TEST_CASE("in a file the printed time orders, however near") {
  Reader reader;
  const event::Event event = reader.read("2026-11-21T02:37:07.999Z INFO x");
  CHECK(event.timestamp_us == kReadTimeUs - 1000);
}

TEST_CASE("what the producer stated wins over what the text says") {
  Reader reader;
  event::Event event;
  event.source = SourceKind::kApi;
  event.timestamp_us = 1'700'000'000'000'000;
  event.timestamp_stated = true;
  event.level = Level::kWarn;
  event.level_stated = true;
  event.correlation_id = "mine";
  event.metadata = R"("a":1)";
  event.message = "2026-11-21T02:37:06.115Z ERROR request_id=theirs-1 x";
  event = reader.read(event);
  CHECK(event.timestamp_us == 1'700'000'000'000'000);
  CHECK(event.level == Level::kWarn);
  CHECK(event.correlation_id == "mine");
  CHECK(event.request_id == "theirs-1");
  CHECK(event.metadata == R"("a":1)");
}

TEST_CASE("a stated id that is none moves to metadata and is counted") {
  Reader reader;
  for (const std::string& id : {std::string(200, 'a'), std::string("two words"),
                                std::string("00000000-0000-0000-0000-000000000000")}) {
    event::Event event = live("x");
    event.correlation_id = id;
    event = reader.read(event);
    CHECK(event.correlation_id.empty());
    CHECK(event.metadata.find("\"correlation_id_rejected\":\"" + id) != std::string_view::npos);
  }
  CHECK(reader.counters().ids_rejected == 3);
}

TEST_CASE("the word of a level is kept only where it says more than the level's name") {
  Reader reader;
  CHECK(reader.read("2026-11-21T02:37:06Z ERROR x").metadata.empty());
  CHECK(reader.read("2026-11-21T02:37:06Z FATAL x").metadata == R"("level_raw":"FATAL")");
  CHECK(reader.read("2026-11-21T02:37:06Z FATAL x").level == Level::kCritical);
}

TEST_CASE("the correlation id is the explicit one, else the trace, else the request") {
  Reader reader;
  CHECK(reader.read(R"({"request_id":"r-1","trace_id":"abc1","correlation_id":"c-1"})")
            .correlation_id == "c-1");
  CHECK(reader.read(R"({"request_id":"r-1","trace_id":"abc1"})").correlation_id == "abc1");
  CHECK(reader.read(R"({"request_id":"r-1"})").correlation_id == "r-1");
}

TEST_CASE("colours are no part of the message, nor in the way of reading it") {
  Reader reader;
  const event::Event event = reader.read(
      "\x1b[2m2026-11-21T02:37:06.115Z\x1b[0m [\x1b[32m\x1b[1minfo     \x1b[0m] \x1b[1mok\x1b[0m "
      "\x1b[36mrequest_id\x1b[0m=\x1b[35m6cbe48ce\x1b[0m\r");
  CHECK(event.message == "ok request_id=6cbe48ce");
  CHECK(event.request_id == "6cbe48ce");
  CHECK(event.level_stated);
}

TEST_CASE("counters tell what was read") {
  Reader reader;
  reader.read(R"({"msg":"a"})");
  reader.read("a=1 b=2");
  reader.read("plain request_id=a1b2c3");
  CHECK(reader.counters().lines == 3);
  CHECK(reader.counters().json_lines == 1);
  CHECK(reader.counters().logfmt_lines == 1);
  CHECK(reader.counters().lines_with_id == 1);
}

}  // namespace
}  // namespace gasoline::understand
