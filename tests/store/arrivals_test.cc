#include <catch2/catch.hpp>
#include <thread>

#include "store/event_maker.h"
#include "store/event_matcher.h"

namespace gasoline::store {
namespace {

OwnedEvent numbered(int i) {
  OwnedEvent event;
  event.service = "service-" + std::to_string(i % 7);
  event.event_id = "e" + std::to_string(i);
  event.at_us = -i;  // time runs the other way
  event.received_at_us = i;
  event.message = std::to_string(i);
  return event;
}

TEST_CASE("events are read in the order in which they arrived, whatever their times") {
  ManualClock clock;
  Options options;
  options.block_bytes = 4 << 10;
  Store store(options, clock);
  for (int i = 0; i < 3000; ++i) apply_one(store, numbered(i));
  uint64_t from = store.next_arrival() - 3000;
  int expected = 0;
  while (from < store.next_arrival()) {
    Arrivals arrivals;
    store.arrivals(from, 97, arrivals);
    REQUIRE(arrivals.page.events.size() == arrivals.page.arrivals.size());
    CHECK(arrivals.evicted == 0);
    for (size_t i = 0; i < arrivals.page.arrivals.size(); ++i) {
      REQUIRE(arrivals.page.events[i].message == std::to_string(expected++));
      REQUIRE(arrivals.page.arrivals[i] == from + i);
    }
    from = arrivals.next;
  }
  CHECK(expected == 3000);
  Arrivals nothing;
  store.arrivals(from, 97, nothing);
  CHECK(nothing.page.events.empty());
  CHECK(nothing.next == from);
}

TEST_CASE("events that are gone already are counted") {
  ManualClock clock;
  Options options;
  options.events_max = 1000;
  options.floor_events = 10;
  options.block_bytes = 4 << 10;
  Store store(options, clock);
  const uint64_t first = store.next_arrival();
  for (int i = 0; i < 5000; ++i) apply_one(store, numbered(i));
  uint64_t read = 0;
  uint64_t evicted = 0;
  for (uint64_t from = first; from < store.next_arrival();) {
    Arrivals arrivals;
    store.arrivals(from, 100, arrivals);
    read += arrivals.page.events.size();
    evicted += arrivals.evicted;
    from = arrivals.next;
  }
  CHECK(read == store.stats().events);
  CHECK(read + evicted == 5000);
}

TEST_CASE("a moment of receipt leads to a number from which nothing after it is missed") {
  ManualClock clock;
  Options options;
  options.block_bytes = 4 << 10;
  Store store(options, clock);
  for (int i = 0; i < 2000; ++i) apply_one(store, numbered(i));
  for (const int moment : {0, 1, 999, 1999, 2000}) {
    const uint64_t from = store.arrival_since(ManualClock::kStartUs + moment);
    Arrivals arrivals;
    store.arrivals(from, 10'000, arrivals);
    int after = 0;
    for (const event::Event& event : arrivals.page.events) {
      if (event.receive_time_us >= ManualClock::kStartUs + moment) ++after;
    }
    CHECK(after == 2000 - moment);
  }
  CHECK(store.arrival_since(INT64_MAX) == store.next_arrival());
}

TEST_CASE("a reader that follows a writer sees every event once") {
  ManualClock clock;
  Store store(Options{}, clock);
  const uint64_t first = store.next_arrival();
  std::thread writer([&] {
    for (int i = 0; i < 20'000; ++i) apply_one(store, numbered(i));
  });
  int expected = 0;
  uint64_t from = first;
  while (expected < 20'000) {
    Arrivals arrivals;
    store.arrivals(from, 500, arrivals);
    for (const event::Event& event : arrivals.page.events) {
      REQUIRE(event.message == std::to_string(expected++));
    }
    REQUIRE(arrivals.evicted == 0);
    from = arrivals.next;
  }
  writer.join();
}

TEST_CASE("single events are held against every filter") {
  OwnedEvent owned;
  owned.kind = event::SourceKind::kStderr;
  owned.level = event::Level::kWarn;
  owned.message = "Token Expired";
  owned.correlation_id = "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736";
  owned.run_id = "run";
  owned.tags = {"project:p"};
  const event::Event event = owned.view();
  const auto admits = [&](auto change) {
    Query query;
    change(query);
    return EventMatcher(query).admits(event);
  };
  CHECK(admits([](Query&) {}));
  CHECK(EventMatcher(Query{}).admits_all());
  CHECK(admits([](Query& query) { query.correlation_id = "4bf92f3577b34da6a3ce929d0e0e4736"; }));
  CHECK_FALSE(admits([](Query& query) { query.correlation_id = long_id(3); }));
  CHECK_FALSE(admits([](Query& query) { query.correlation_id = "0000"; }));
  CHECK(admits([](Query& query) { query.sources = {"stdout", "stderr:auth"}; }));
  CHECK(admits([](Query& query) { query.sources = {"stderr"}; }));
  CHECK_FALSE(admits([](Query& query) { query.sources = {"stderr:shop"}; }));
  CHECK_FALSE(admits([](Query& query) { query.sources = {"stderrx"}; }));
  CHECK(admits([](Query& query) { query.services = {"shop", "auth"}; }));
  CHECK_FALSE(admits([](Query& query) { query.services = {"shop"}; }));
  CHECK(admits([](Query& query) { query.level_min = event::Level::kWarn; }));
  CHECK_FALSE(admits([](Query& query) { query.level_min = event::Level::kError; }));
  CHECK(admits([](Query& query) { query.run_id = "run"; }));
  CHECK_FALSE(admits([](Query& query) { query.run_id = "other"; }));
  CHECK(admits([](Query& query) { query.project = "p"; }));
  CHECK_FALSE(admits([](Query& query) { query.project = "q"; }));
  CHECK(admits([](Query& query) { query.text = "token EXP"; }));
  CHECK_FALSE(admits([](Query& query) { query.text = "tokens"; }));
  CHECK(admits([](Query& query) { query.start_us = ManualClock::kStartUs; }));
  CHECK_FALSE(admits([](Query& query) { query.end_us = ManualClock::kStartUs; }));
}

}  // namespace
}  // namespace gasoline::store
