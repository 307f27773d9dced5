#include "daemon/digest.h"

#include <simdjson.h>

#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "base/random.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

constexpr int64_t kStartUs = 1'763'700'000'000'000;

/// A page of events that own their text.
struct Page {
  std::deque<std::string> texts;
  store::Answer answer;

  event::Event& add(std::string message, event::Level level = event::Level::kInfo,
                    std::string service = "shop") {
    event::Event event;
    event.message = texts.emplace_back(std::move(message));
    event.service = texts.emplace_back(std::move(service));
    event.level = level;
    event.source = event::SourceKind::kStdout;
    event.timestamp_us = kStartUs + static_cast<int64_t>(answer.events.size()) * 1000;
    answer.events.push_back(event);
    return answer.events.back();
  }
};

std::vector<std::string> strings(simdjson::dom::element json, const char* name) {
  std::vector<std::string> all;
  const simdjson::dom::array array = json[name].get_array().value();
  for (const simdjson::dom::element each : array) {
    all.emplace_back(each.get_string().value());
  }
  return all;
}

TEST_CASE("errors come first, and lines that differ in numbers only are folded") {
  Page page;
  for (int i = 0; i < 50; ++i) page.add("GET /orders/" + std::to_string(i) + " took 3 ms");
  page.add("\x1b[31mcard\x1b[0m declined\nfor order 7", event::Level::kError, "pay");
  page.add("bye");
  page.answer.ids = {"asked", "linked"};
  const Digest digest(page.answer, 1000);
  CHECK(digest.covered() == 52);
  const std::string text = digest.json("");
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(text).value();
  CHECK(strings(json, "errors") ==
        std::vector<std::string>{"+0.050 error pay: card declined for order 7"});
  CHECK(strings(json, "lines") ==
        std::vector<std::string>{"+0.000..+0.049 x50 info shop: GET /orders/# took # ms",
                                 "+0.051 info shop: bye"});
  CHECK(strings(json, "ids") == std::vector<std::string>{"asked", "linked"});
  CHECK(json["start"].get_string().value() == "2025-11-21T04:40:00.000000Z");
  CHECK(json["next_cursor"].is_null());
  CHECK(json["how_to_go_on"].get_string().value() == "nothing follows");
}

TEST_CASE("what does not fit is cut from the end, and said, errors excepted") {
  Page page;
  const std::string words = "abcdefghijklmnopqrstuvwxyz";
  for (size_t i = 0; i < 300; ++i) {
    page.add(std::string(1 + i % 20, words[i % 26]) + " " + std::string(1 + i / 20, 'z'));
  }
  page.add("the disk is full", event::Level::kCritical);
  const Digest digest(page.answer, 400);
  CHECK(digest.covered() > 3);
  CHECK(digest.covered() < 100);
  const std::string text = digest.json("1.a.b.c");
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(text).value();
  CHECK(strings(json, "errors").at(0).find("the disk is full") != std::string::npos);
  CHECK(strings(json, "lines").size() == digest.covered());
  CHECK(json["cut"]["events"].get_uint64().value() == 301 - digest.covered());
  CHECK(json["cut"]["has_more"].get_bool().value());
  CHECK(json["next_cursor"].get_string().value() == "1.a.b.c");
}

/// Text of every nasty kind: long, of quotes, of controls, of several bytes a character.
std::string nasty(Random& random) {
  static constexpr std::array<std::string_view, 8> kParts = {"\"", "\\", "\x01", "é", "漢字",
                                                             "x",  "7",  " "};
  std::string text;
  for (uint64_t n = random.next_u64() % (random.next_u64() % 10 == 0 ? 5000 : 60); n > 0; --n) {
    text += kParts[random.next_u64() % kParts.size()];
  }
  return text;
}

TEST_CASE("no digest is over its budget, and going on covers every event") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  for (int round = 0; round < 400; ++round) {
    Page page;
    for (uint64_t n = random.next_u64() % 200; n > 0; --n) {
      event::Event& event = page.add(nasty(random), static_cast<event::Level>(random.next_u64() % 5),
                                     nasty(random).substr(0, 256));
      event.timestamp_us = static_cast<int64_t>(random.next_u64() % 8'000'000'000'000'000);
    }
    for (uint64_t n = random.next_u64() % 30; n > 0; --n) {
      page.answer.ids.push_back(nasty(random).substr(0, 128));
      page.answer.candidates.push_back(nasty(random).substr(0, 300));
    }
    page.answer.truncated.resize(random.next_u64() % 10'000);
    page.answer.gaps.resize(random.next_u64() % 10'000);
    if (random.next_u64() % 2 == 0) page.answer.extras.resize(page.answer.events.size());
    for (store::Answer::Extra& extra : page.answer.extras) extra.confidence = 0.5;
    const auto tokens_max = static_cast<uint32_t>(
        kTokensMin + random.next_u64() % (random.next_u64() % 3 == 0 ? 20'000 : 600));
    const Digest digest(page.answer, tokens_max);
    const std::string cursor = "s1.ffffffffffffffff.ffffffffffffffff.ffffffffffffffff";
    for (const std::string& json : {digest.json(""), digest.json(cursor)}) {
      CAPTURE(round, tokens_max, json.size());
      REQUIRE(estimated_tokens(json.size()) <= tokens_max);
      simdjson::dom::parser parser;
      simdjson::dom::element parsed;
      REQUIRE(parser.parse(json).get(parsed) == simdjson::SUCCESS);
    }
    REQUIRE(digest.covered() <= page.answer.events.size());
    REQUIRE((digest.covered() > 0 || page.answer.events.empty()));
  }
}

TEST_CASE("an empty page is a digest too") {
  const store::Answer nothing;
  const Digest digest(nothing, kTokensMin);
  CHECK(digest.covered() == 0);
  CHECK(estimated_tokens(digest.json("").size()) <= kTokensMin);
}

}  // namespace
}  // namespace gasoline::daemon
