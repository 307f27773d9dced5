#include "daemon/answer_json.h"

#include <simdjson.h>

#include <array>
#include <catch2/catch.hpp>

namespace gasoline::daemon {
namespace {

std::string text_of(simdjson::dom::element element) {
  return std::string(element.get_string().value());
}

TEST_CASE("an answer with everything in it reads back as JSON with the names of the contract") {
  store::Answer answer;
  const std::array<std::string_view, 2> tags{"service:auth", "env:\"dev\""};
  event::Event event;
  event.event_id = "id-1";
  event.timestamp_us = 1'763'700'000'123'456;
  event.message = "quotes \" and \\ and\nlines";
  event.service = "auth";
  event.tags = tags;
  event.metadata = "\"a\":{\"b\":[1,2]}";
  answer.events = {event, event};
  answer.ids = {"x", "linked \"id\""};
  answer.sources = {{"stdout:auth", "auth", 2}};
  answer.truncated = {{"stderr:auth", 1'763'700'000'000'000}};
  answer.gaps = {{"stdout:auth", "run", 1'000'000, 2'500'000, 3, 40, "the disk was \"full\""}};
  answer.candidates = {"req-1@auth"};
  answer.next_cursor = "next";

  const std::string text = timeline_json(answer, "null");
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  REQUIRE(parser.parse(text).get(root) == simdjson::SUCCESS);
  REQUIRE(root["events"].get_array().value().size() == 2);
  const simdjson::dom::element first = root["events"].at(0).value();
  CHECK(text_of(first["message"].value()) == event.message);
  CHECK(first["timestamp"].get_double().value() == Approx(1'763'700'000'123.456).epsilon(1e-15));
  CHECK(text_of(first["tags"].at(1).value()) == tags[1]);
  CHECK(first["metadata"]["a"]["b"].at(1).get_int64().value() == 2);
  CHECK(text_of(root["ids"].at(1).value()) == "linked \"id\"");
  CHECK(root["sources"].at(0)["events"].get_int64().value() == 2);
  CHECK(text_of(root["sources"].at(0)["source"].value()) == "stdout:auth");
  CHECK(root["truncated"].at(0)["before"].get_double().value() == 1'763'700'000'000.0);
  const simdjson::dom::element gap = root["gaps"].at(0).value();
  CHECK(gap["lines"].get_int64().value() == 3);
  CHECK(gap["bytes"].get_int64().value() == 40);
  CHECK(gap["from"].get_double().value() == 1000.0);
  CHECK(gap["to"].get_double().value() == 2500.0);
  CHECK(text_of(gap["run_id"].value()) == "run");
  CHECK(text_of(gap["reason"].value()) == "the disk was \"full\"");
  CHECK(text_of(root["candidates"].at(0).value()) == "req-1@auth");
  CHECK(text_of(root["next_cursor"].value()) == "next");
}

TEST_CASE("an empty answer has every member too") {
  const std::string text = timeline_json(store::Answer{}, "null");
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  REQUIRE(parser.parse(text).get(root) == simdjson::SUCCESS);
  for (const char* name : {"events", "ids", "sources", "truncated", "gaps", "candidates"}) {
    CAPTURE(name);
    CHECK(root[name].get_array().value().size() == 0);
  }
  CHECK(root["next_cursor"].is_null());
  CHECK(root["clock_skew"].is_null());
}

}  // namespace
}  // namespace gasoline::daemon
