#include "understand/fixture.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <regex>

namespace gasoline::understand {

const Rules& shared_rules() {
  static SilentLog log;
  static Result<std::unique_ptr<Rules>> rules = Rules::create({}, log);
  REQUIRE(rules.has_value());
  return **rules;
}

event::Event Reader::read(std::string_view line) {
  event::Event event;
  event.source = event::SourceKind::kFile;
  event.timestamp_us = kReadTimeUs;
  event.message = line;
  return read(event);
}

event::Event Reader::read(event::Event event) {
  arena_.reset();
  line_ = event.message;
  event.message = line_;
  understanding_.understand(event, arena_);
  return event;
}

std::string Reader::mask(std::string_view text) {
  arena_.reset();
  return std::string(understanding_.mask(text, arena_));
}

std::string untagged(std::string_view text) {
  static const std::regex kTag("(\\[redacted:[a-z0-9-]+)#[0-9a-f]{4}\\]");
  return std::regex_replace(std::string(text), kTag, "$1]");
}

bool are_json_members(std::string_view members) {
  simdjson::dom::parser parser;
  const std::string object = "{" + std::string(members) + "}";
  simdjson::dom::element element;
  return parser.parse(object).get(element) == simdjson::SUCCESS;
}

}  // namespace gasoline::understand
