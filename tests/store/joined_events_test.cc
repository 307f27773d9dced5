#include "store/joined_events.h"

#include <catch2/catch.hpp>

#include "store/event_maker.h"

namespace gasoline::store {
namespace {

OwnedEvent line(const std::string& id, int64_t at_us, const std::string& message,
                const std::string& continues = "") {
  OwnedEvent event;
  event.event_id = id;
  event.at_us = at_us;
  event.received_at_us = at_us;
  event.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  event.message = message;
  if (!continues.empty()) event.metadata = "\"continues\":\"" + continues + "\"";
  return event;
}

std::vector<std::string> ask(const Store& store, Query query = {}) {
  const Result<Answer> answer = store.timeline(query);
  REQUIRE(answer.has_value());
  return messages(*answer);
}

using Messages = std::vector<std::string>;

struct Rig {
  explicit Rig(const Options& options = {}) : store(options, clock) {}
  ManualClock clock;
  Store store;
};

void apply_trace(Store& store) {
  apply_one(store, line("before", 1, "before"));
  apply_one(store, line("head", 2, "Error: boom"));
  apply_one(store, line("part1", 3, "    at a (a.js:1:1)", "head"));
  apply_one(store, line("other", 4, "served"));
  apply_one(store, line("part2", 5, "    at b (b.js:1:1)", "head"));
}

TEST_CASE("an event and its parts are shown as one event, at its own time") {
  Rig rig;
  apply_trace(rig.store);
  CHECK(ask(rig.store) ==
        Messages{"before", "Error: boom\n    at a (a.js:1:1)\n    at b (b.js:1:1)", "served"});
  const Result<Answer> answer = rig.store.timeline({});
  CHECK(answer->events[1].event_id == "head");
  CHECK(answer->events[1].metadata == "\"lines\":3");
  CHECK(rig.store.stats().events == 3);
  CHECK(rig.store.stats().joined == 2);
  CHECK(rig.store.sources().at(0).events == 3);
}

TEST_CASE("a page counts joined events, not their lines") {
  Rig rig;
  apply_trace(rig.store);
  Query query;
  query.limit = 2;
  const Result<Answer> first = rig.store.timeline(query);
  CHECK(first->events.size() == 2);
  query.cursor = first->next_cursor;
  CHECK(ask(rig.store, query) == Messages{"served"});
}

TEST_CASE("text in a later line finds the whole event") {
  Rig rig;
  apply_trace(rig.store);
  Query query;
  query.text = "B.JS";
  CHECK(ask(rig.store, query) == Messages{"Error: boom\n    at a (a.js:1:1)\n    at b (b.js:1:1)"});
}

TEST_CASE("a search finds the whole event by any of its lines") {
  Rig rig;
  apply_trace(rig.store);
  for (const char* regex : {"boom", "a\\.js:1:1", "^    at b", "boom\\n    at a"}) {
    CAPTURE(regex);
    Result<pattern::TextMatcher> matcher = pattern::TextMatcher::compile(regex, false);
    REQUIRE(matcher.has_value());
    Search search;
    search.query.text = regex;
    const Result<SearchAnswer> answer = rig.store.search(search, *matcher);
    REQUIRE(answer.has_value());
    CHECK(messages(answer->page) ==
          Messages{"Error: boom\n    at a (a.js:1:1)\n    at b (b.js:1:1)"});
  }
}

TEST_CASE("who follows arrivals gets each line once: with its event, or behind it") {
  Rig rig;
  apply_one(rig.store, line("before", 1, "before"));
  apply_one(rig.store, line("head", 2, "Error: boom"));
  apply_one(rig.store, line("part1", 3, "    at a", "head"));
  Arrivals first;
  rig.store.arrivals(0, 100, first);
  CHECK(messages(first.page) == Messages{"before", "Error: boom\n    at a"});
  apply_one(rig.store, line("part2", 4, "    at b", "head"));
  apply_one(rig.store, line("after", 5, "after"));
  Arrivals second;
  rig.store.arrivals(first.next, 100, second);
  CHECK(messages(second.page) == Messages{"    at b", "after"});
  CHECK(second.page.events[0].metadata == "\"continues\":\"head\"");
  // Told again from the beginning in small steps, nothing is told twice either.
  Messages all;
  Arrivals step;
  for (uint64_t from = 0; from < second.next; from = step.next) {
    rig.store.arrivals(from, 2, step);
    for (const std::string& message : messages(step.page)) all.push_back(message);
  }
  CHECK(all == Messages{"before", "Error: boom\n    at a", "    at b", "after"});
}

TEST_CASE("an id in a later line finds the whole event once, and is the event's") {
  Rig rig;
  apply_one(rig.store, line("head", 1, "Error: boom"));
  for (int i = 0; i < 3; ++i) {
    OwnedEvent part = line("part" + std::to_string(i), 2 + i, "    at a", "head");
    part.correlation_id = long_id(7);
    apply_one(rig.store, part);
  }
  Query query;
  query.correlation_id = long_id(7);
  const Result<Answer> answer = rig.store.timeline(query);
  REQUIRE(answer->events.size() == 1);
  CHECK(answer->events[0].event_id == "head");
  CHECK(answer->events[0].correlation_id == long_id(7));
  CHECK(answer->events[0].message == "Error: boom\n    at a\n    at a\n    at a");
}

TEST_CASE("a search by an id that only a line in a later block shows finds the whole event") {
  Options options;
  options.block_bytes = 4096;
  for (const bool is_everywhere : {false, true}) {
    CAPTURE(is_everywhere);
    Rig rig(options);
    int64_t now = 1;
    const auto fill = [&](const std::string& id, size_t lines) {
      for (size_t i = 0; i < lines; ++i, ++now) {
        OwnedEvent event = line(id + std::to_string(i), now, std::string(900, 'x'));
        if (is_everywhere) event.correlation_id = long_id(7);
        apply_one(rig.store, event);
      }
    };
    fill("before", 400);  // more blocks with the id than are looked at first
    apply_one(rig.store, line("head", now++, "Error: boom"));
    apply_one(rig.store, line("near", now++, "    at " + std::string(3900, 'a'), "head"));
    OwnedEvent part = line("far", now++, "    at b", "head");
    part.correlation_id = long_id(7);
    apply_one(rig.store, part);
    fill("after", 3);
    Result<pattern::TextMatcher> matcher = pattern::TextMatcher::compile("boom", false);
    Search search;
    search.query.text = "boom";
    search.query.limit = 1;
    search.query.correlation_id = long_id(7);
    const Result<SearchAnswer> answer = rig.store.search(search, *matcher);
    REQUIRE(answer.has_value());
    REQUIRE(answer->page.events.size() == 1);
    CHECK(answer->page.events[0].event_id == "head");
  }
}

TEST_CASE("an id in a later line links to the event's own id") {
  Rig rig;
  OwnedEvent head = line("head", 1, "failed");
  head.correlation_id = long_id(1);
  apply_one(rig.store, head);
  OwnedEvent part = line("part", 2, "    trace: 2", "head");
  part.correlation_id = long_id(1);
  part.trace_id = long_id(2);
  apply_one(rig.store, part);
  OwnedEvent other = line("other", 3, "elsewhere");
  other.trace_id = long_id(2);
  apply_one(rig.store, other);
  Query query;
  query.correlation_id = long_id(1);
  CHECK(ask(rig.store, query) == Messages{"failed\n    trace: 2", "elsewhere"});
}

TEST_CASE("a part whose event is not there stands for itself") {
  Rig rig;
  apply_one(rig.store, line("part", 1, "    at a", "gone"));
  OwnedEvent of_another_run = line("part2", 2, "    at b", "part");
  of_another_run.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAW";
  apply_one(rig.store, of_another_run);
  CHECK(ask(rig.store) == Messages{"    at a", "    at b"});
}

TEST_CASE("many events of one source that are continued in turn stay apart") {
  Rig rig;
  constexpr int kHeads = 8;
  for (int i = 0; i < kHeads; ++i) {
    apply_one(rig.store, line("head" + std::to_string(i), i, "Error " + std::to_string(i)));
  }
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < kHeads; ++i) {
      apply_one(rig.store, line("part" + std::to_string(round) + "/" + std::to_string(i),
                                100 + round * kHeads + i, "at " + std::to_string(i),
                                "head" + std::to_string(i)));
    }
  }
  const Messages all = ask(rig.store);
  REQUIRE(all.size() == kHeads);
  for (int i = 0; i < kHeads; ++i) {
    std::string wanted = "Error " + std::to_string(i);
    for (int round = 0; round < 100; ++round) wanted += "\nat " + std::to_string(i);
    CHECK(all[static_cast<size_t>(i)] == wanted);
  }
}

TEST_CASE("an event takes so many parts, and what comes then stands for itself") {
  Rig rig;
  apply_one(rig.store, line("head", 0, "Error"));
  for (uint32_t i = 0; i < BlockJoins::kPartsMax + 2; ++i) {
    apply_one(rig.store, line("part" + std::to_string(i), 1 + i, "at", "head"));
  }
  CHECK(ask(rig.store).size() == 3);
  CHECK(rig.store.stats().joined == BlockJoins::kPartsMax);
}

TEST_CASE("joined events over many blocks are whole until they are evicted, in bounded memory") {
  Options options;
  options.block_bytes = 4096;
  options.events_max = 2000;
  options.floor_events = 100;
  options.floor_bytes = 4096;
  Rig rig(options);
  const uint64_t empty_bytes = rig.store.stats().resident_bytes;
  for (int i = 0; i < 3000; ++i) {
    const std::string head = "head" + std::to_string(i);
    apply_one(rig.store, line(head, i * 10, "Error " + std::to_string(i)));
    for (int part = 0; part < 5; ++part) {
      apply_one(rig.store, line(head + "/" + std::to_string(part), i * 10 + part,
                                "    at " + std::to_string(i) + std::string(300, 'x'), head));
    }
  }
  const Messages all = ask(rig.store);
  CHECK(all.size() > 100);
  for (size_t i = 1; i < all.size(); ++i) {
    CHECK(std::count(all[i].begin(), all[i].end(), '\n') == 5);
  }
  CHECK(rig.store.stats().events == all.size());
  rig.clock.now_us += options.ttl_us + 3'600'000'000;
  for (int i = 0; i < 100; ++i) rig.store.expire();
  CHECK(ask(rig.store).empty());
  CHECK(rig.store.stats().events == 0);
  CHECK(rig.store.stats().resident_bytes < empty_bytes + (16 << 20));
}

TEST_CASE("an event that replaces another by its id is shown in its place") {
  Rig rig;
  OwnedEvent first = line("piece1", 1, "{\"a\":1,");
  first.metadata = "\"partial\":true";
  apply_one(rig.store, first);
  OwnedEvent whole = line("whole", 2, "{\"a\":1,\"b\":2}");
  whole.metadata = "\"replaces\":\"piece1\"";
  apply_one(rig.store, whole);
  CHECK(ask(rig.store) == Messages{whole.message});
  CHECK(rig.store.stats().replaced == 1);
  OwnedEvent stranger = line("stranger", 3, "x");
  stranger.metadata = "\"replaces\":\"gone\"";
  apply_one(rig.store, stranger);
  CHECK(ask(rig.store).size() == 2);
}

}  // namespace
}  // namespace gasoline::store
