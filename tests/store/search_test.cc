#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "base/random.h"
#include "store/event_maker.h"

namespace gasoline::store {
namespace {

pattern::TextMatcher matcher_of(const std::string& regex) {
  Result<pattern::TextMatcher> matcher = pattern::TextMatcher::compile(regex, false);
  REQUIRE(matcher.has_value());
  return std::move(*matcher);
}

Search search_for(const std::string& regex, uint32_t limit = 1000) {
  Search search;
  search.query.text = regex;
  search.query.limit = limit;
  search.time_box_us = INT64_MAX / 2;
  return search;
}

SearchAnswer found(const Store& store, const Search& search) {
  Result<SearchAnswer> answer = store.search(search, matcher_of(search.query.text));
  REQUIRE(answer.has_value());
  return std::move(*answer);
}

/// A clock that shows a later time at each look, so that a time box ends at once.
class HurryingClock final : public Clock {
 public:
  int64_t wall_us() const override { return ManualClock::kStartUs; }
  int64_t monotonic_us() const override { return now_us += 1000; }
  mutable std::atomic<int64_t> now_us{0};
};

/// `count` events of several sources, out of order; every seventh says "needle".
std::vector<OwnedEvent> make_events(size_t count, SeededRandom& random) {
  std::vector<OwnedEvent> events(count);
  for (size_t i = 0; i < count; ++i) {
    OwnedEvent& event = events[i];
    event.service = "service-" + std::to_string(random.next_u64() % 5);
    event.event_id = "e" + std::to_string(i);
    event.at_us = static_cast<int64_t>(i * 10 + random.next_u64() % 5000);
    event.received_at_us = static_cast<int64_t>(i);
    event.message = (i % 7 == 0 ? "a needle " : "hay ") + std::to_string(i) +
                    std::string(random.next_u64() % 300, '.');
    event.level = i % 3 == 0 ? event::Level::kError : event::Level::kInfo;
    if (i % 5 == 0) event.correlation_id = long_id(i % 3);
  }
  return events;
}

/// What a search over all pages must give: by time, newest first, ties newest arrival first.
std::vector<std::string> expected(const std::vector<OwnedEvent>& events, event::Level level) {
  std::vector<std::pair<int64_t, size_t>> order;
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].level < level || events[i].message.find("needle") == std::string::npos) continue;
    order.emplace_back(events[i].at_us, i);
  }
  std::sort(order.rbegin(), order.rend());
  std::vector<std::string> all;
  for (const auto& [at, i] : order) all.push_back(events[i].message);
  return all;
}

TEST_CASE("a search finds what matches, newest first, over all rings and pages") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  ManualClock clock;
  Options options;
  options.block_bytes = 8 << 10;
  if (random.next_u64() % 2 == 0) options.warm_bytes = 0;
  Store store(options, clock);
  const std::vector<OwnedEvent> events = make_events(3000, random);
  for (const OwnedEvent& event : events) apply_one(store, event);
  for (const auto level : {event::Level::kDebug, event::Level::kError}) {
    Search search = search_for("a n..dle \\d+", 1 + static_cast<uint32_t>(random.next_u64() % 200));
    search.query.level_min = level;
    std::vector<std::string> all;
    do {
      const SearchAnswer answer = found(store, search);
      CHECK(answer.is_complete);
      for (const std::string& message : messages(answer.page)) all.push_back(message);
      search.query.cursor = answer.page.next_cursor;
    } while (!search.query.cursor.empty());
    CHECK(all == expected(events, level));
  }
}

TEST_CASE("a search that counts all knows of every match, and answers the newest") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  ManualClock clock;
  Options options;
  options.block_bytes = 4 << 10;
  const bool packs = random.next_u64() % 2 == 0;
  if (packs) options.warm_bytes = 0;
  Store store(options, clock);
  const std::vector<OwnedEvent> events = make_events(3000, random);
  for (const OwnedEvent& event : events) apply_one(store, event);
  for (const auto level : {event::Level::kDebug, event::Level::kError}) {
    // Found by all messages of a block at once, and one by one.
    for (const char* regex : {"a needle \\d+", "\\Aa needle\\D*\\d+"}) {
      CAPTURE(packs, regex, static_cast<int>(level));
      const std::vector<std::string> all = expected(events, level);
      Search search = search_for(regex, 10);
      search.query.level_min = level;
      search.counts_all = true;
      const SearchAnswer answer = found(store, search);
      CHECK(answer.is_complete);
      CHECK(answer.events_matched == all.size());
      CHECK(messages(answer.page) == std::vector<std::string>(all.begin(), all.begin() + 10));
      CHECK_FALSE(answer.page.next_cursor.empty());
      CHECK(answer.events_searched == static_cast<uint64_t>(std::count_if(
                                          events.begin(), events.end(),
                                          [&](const auto& each) { return each.level >= level; })));
    }
  }
}

TEST_CASE("the newest events of an id that is everywhere are found wherever they stand") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  ManualClock clock;
  Options options;
  options.block_bytes = 4 << 10;
  if (random.next_u64() % 2 == 0) options.warm_bytes = 0;
  Store store(options, clock);
  std::vector<std::pair<int64_t, std::string>> expected;
  for (int i = 0; i < 6000; ++i) {
    OwnedEvent event;
    // Sources that say little have blocks that were begun long ago; some events are far out of order.
    const uint64_t chance = random.next_u64() % 100;
    event.service = chance < 2 ? "rare" : chance < 5 ? "seldom" : "busy-" + std::to_string(chance % 4);
    event.event_id = "e" + std::to_string(i);
    event.at_us = int64_t{i} * 100 + static_cast<int64_t>(random.next_u64() % 500);
    if (random.next_u64() % 50 == 0) event.at_us += (int64_t{3000} - i) * 90;
    event.message = "event " + std::to_string(i) + std::string(random.next_u64() % 200, '.');
    if (random.next_u64() % 4 == 0) {
      event.correlation_id = long_id(1);
      expected.emplace_back(event.at_us, event.message);
    }
    apply_one(store, event);
  }
  std::stable_sort(expected.begin(), expected.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::reverse(expected.begin(), expected.end());
  for (const uint32_t limit : {1u, 7u, 60u, 300u}) {
    CAPTURE(limit);
    Search search = search_for("event", limit);
    search.query.correlation_id = long_id(1);
    std::vector<std::string> all;
    for (int page = 0; page < 3; ++page) {
      const SearchAnswer answer = found(store, search);
      for (const std::string& message : messages(answer.page)) all.push_back(message);
      search.query.cursor = answer.page.next_cursor;
    }
    REQUIRE(all.size() == 3 * limit);
    for (size_t i = 0; i < all.size(); ++i) REQUIRE(all[i] == expected[i].second);
  }
}

TEST_CASE("a search whose time is over says so, and going on comes to the same end") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  HurryingClock clock;
  Options options;
  options.block_bytes = 8 << 10;
  Store store(options, clock);
  const std::vector<OwnedEvent> events = make_events(3000, random);
  for (const OwnedEvent& event : events) apply_one(store, event);
  Search search = search_for("needle", 50);
  search.time_box_us = 1;
  std::vector<std::string> all;
  size_t stops = 0;
  int64_t searched_from_us = INT64_MAX;
  do {
    const SearchAnswer answer = found(store, search);
    for (const event::Event& event : answer.page.events) all.emplace_back(event.message);
    if (!answer.is_complete) {
      ++stops;
      CHECK(answer.from_us < searched_from_us);
      searched_from_us = answer.from_us;
      CHECK_FALSE(answer.page.next_cursor.empty());
    }
    search.query.cursor = answer.page.next_cursor;
    REQUIRE(stops < 2000);
  } while (!search.query.cursor.empty());
  CHECK(stops > 5);
  CHECK(all == expected(events, event::Level::kDebug));
}

TEST_CASE("a search is narrowed by every filter of a timeline") {
  ManualClock clock;
  Store store(Options{}, clock);
  for (int i = 0; i < 40; ++i) {
    OwnedEvent event;
    event.event_id = "n" + std::to_string(i);
    event.service = i % 2 == 0 ? "auth" : "shop";
    event.kind = i % 4 < 2 ? event::SourceKind::kStdout : event::SourceKind::kStderr;
    event.at_us = i * 1000;
    event.message = "needle " + std::to_string(i);
    if (i % 8 == 0) event.correlation_id = long_id(9);
    if (i == 8) event.request_id = long_id(10);
    if (i == 9) event.request_id = long_id(10);
    event.run_id = i < 20 ? "first" : "second";
    event.tags = {i < 10 ? "project:p" : "project:q"};
    apply_one(store, event);
  }
  const auto count = [&](auto change) {
    Search search = search_for("needle");
    change(search.query);
    return found(store, search).page.events.size();
  };
  CHECK(count([](Query&) {}) == 40);
  CHECK(count([](Query& query) { query.services = {"auth"}; }) == 20);
  CHECK(count([](Query& query) { query.sources = {"stderr"}; }) == 20);
  CHECK(count([](Query& query) { query.run_id = "first"; }) == 20);
  CHECK(count([](Query& query) { query.start_us = ManualClock::kStartUs + 30'000; }) == 10);
  CHECK(count([](Query& query) { query.end_us = ManualClock::kStartUs + 5'000; }) == 5);
  // The id, and the one that is linked to it by an event that shows both.
  CHECK(count([](Query& query) { query.correlation_id = long_id(9); }) == 6);
}

TEST_CASE("a cursor is good for its own search only") {
  ManualClock clock;
  Store store(Options{}, clock);
  for (int i = 0; i < 5; ++i) {
    OwnedEvent event;
    event.event_id = "n" + std::to_string(i);
    event.message = "needle";
    apply_one(store, event);
  }
  Search search = search_for("needle", 2);
  const std::string cursor = found(store, search).page.next_cursor;
  REQUIRE_FALSE(cursor.empty());
  Search other = search_for("need", 2);
  other.query.cursor = cursor;
  CHECK_FALSE(store.search(other, matcher_of("need")).has_value());
  search.ignores_case = true;
  search.query.cursor = cursor;
  CHECK_FALSE(store.search(search, matcher_of("needle")).has_value());
  Query timeline;
  timeline.text = "needle";
  timeline.cursor = cursor;
  CHECK_FALSE(store.timeline(timeline).has_value());
}

TEST_CASE("an expression that matches nearly everything finds it all") {
  ManualClock clock;
  Store store(Options{}, clock);
  for (int i = 0; i < 2000; ++i) {
    OwnedEvent event;
    event.event_id = "n" + std::to_string(i);
    event.at_us = i;
    event.message = "aaaaaaaaaaaaaaaaaaaa";
    apply_one(store, event);
  }
  for (const char* regex : {"a", ".", ".*", "[^b]"}) {
    CHECK(found(store, search_for(regex, 10'000)).page.events.size() == 2000);
  }
}

TEST_CASE("events that a completed line has replaced are not found") {
  ManualClock clock;
  Store store(Options{}, clock);
  OwnedEvent partial;
  partial.run_id = "run";
  partial.seq = 1;
  partial.event_id = "1";
  partial.message = "needle, unfinis";
  partial.metadata = "\"partial\":true";
  apply_one(store, partial);
  CHECK(found(store, search_for("needle")).page.events.size() == 1);
  OwnedEvent whole = partial;
  whole.seq = 2;
  whole.event_id = "2";
  whole.message = "needle, unfinished";
  whole.metadata = "\"replaces\":1";
  apply_one(store, whole);
  CHECK(messages(found(store, search_for("needle")).page) ==
        std::vector<std::string>{"needle, unfinished"});
}

}  // namespace
}  // namespace gasoline::store
