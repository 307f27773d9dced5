#include <catch2/catch.hpp>

#include "store/event_maker.h"

namespace gasoline::store {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

/// Writes `count` lines of one service, in batches.
void write_lines(Store& store, const std::string& service, uint64_t count, size_t message_size,
                 int64_t from_us = 0) {
  std::vector<OwnedEvent> owned(1000);
  std::vector<event::Event> batch;
  for (uint64_t done = 0; done < count; done += batch.size()) {
    batch.clear();
    for (uint64_t i = 0; i < owned.size() && done + i < count; ++i) {
      OwnedEvent& event = owned[i];
      event.service = service;
      event.at_us = event.received_at_us = from_us + static_cast<int64_t>(done + i);
      event.message = service + " " + std::to_string(done + i);
      event.message.resize(std::max(message_size, event.message.size()), '.');
      event.correlation_id = long_id((done + i) % 5000);
      batch.push_back(event.view());
    }
    store.apply(batch);
  }
}

SourceStats stats_of(const Store& store, const std::string& name) {
  for (const SourceStats& each : store.sources()) {
    if (each.name == name) return each;
  }
  return {};
}

Answer ask(const Store& store, const Query& query) {
  Result<Answer> answer = store.timeline(query);
  REQUIRE(answer.has_value());
  return std::move(*answer);
}

TEST_CASE("a chatty source does not push out the lines of a quiet one") {
  ManualClock clock;
  Options options;
  options.events_max = 50'000;
  Store store(options, clock);
  write_lines(store, "quiet", 1000, 60);
  write_lines(store, "chatty", 300'000, 60, 10'000);
  CHECK(store.stats().events <= options.events_max);
  CHECK(store.stats().evicted_below_floor == 0);
  Query query;
  query.services = {"quiet"};
  query.limit = 10'000;
  const Answer answer = ask(store, query);
  REQUIRE(answer.events.size() == 1000);
  CHECK(answer.events[0].message.starts_with("quiet 0."));
  CHECK(answer.truncated.empty());
}

TEST_CASE("what the budget does not hold is evicted oldest first, and told") {
  ManualClock clock;
  Options options;
  options.events_max = 20'000;
  Store store(options, clock);
  write_lines(store, "first", 15'000, 60);
  write_lines(store, "second", 15'000, 60, 100'000);
  const SourceStats first = stats_of(store, "stdout:first");
  CHECK(first.evicted > 0);
  CHECK(stats_of(store, "stdout:second").evicted == 0);
  CHECK(first.events + first.evicted == 15'000);
  const Answer answer = ask(store, {});
  REQUIRE(answer.truncated.size() == 1);
  CHECK(answer.truncated[0].source == "stdout:first");
  CHECK(answer.truncated[0].before_us == answer.events[0].timestamp_us);
  Query later;
  later.start_us = ManualClock::kStartUs + 50'000;
  CHECK(ask(store, later).truncated.empty());
}

TEST_CASE("resident memory stays within its bound, whatever the sizes of events") {
  ManualClock clock;
  Options options;
  options.bytes_max = 16 << 20;
  Store store(options, clock);
  for (int round = 0; round < 6; ++round) {
    write_lines(store, "small", 20'000, 40);
    CHECK(store.stats().resident_bytes <= options.bytes_max);
    write_lines(store, "large", 30, 300'000);
    CHECK(store.stats().resident_bytes <= options.bytes_max);
    write_lines(store, "middle" + std::to_string(round), 300, 9'000);
    CHECK(store.stats().resident_bytes <= options.bytes_max);
  }
  CHECK(store.stats().evicted_by_bytes > 0);
  CHECK(store.stats().events > 1000);
}

TEST_CASE("floors shrink together when there are too many sources for them") {
  ManualClock clock;
  Options options;
  options.events_max = 4'000;
  options.block_bytes = 4096;
  Store store(options, clock);
  for (int i = 0; i < 40; ++i) write_lines(store, "s" + std::to_string(i), 500, 60, i * 1000);
  CHECK(store.stats().events <= options.events_max);
  // Half the budget for 40 sources: fifty events for each.
  for (const SourceStats& source : store.sources()) {
    INFO(source.name);
    CHECK(source.events >= 50);
  }
}

TEST_CASE("more sources than memory has room for lose their oldest, and memory stays bounded") {
  ManualClock clock;
  Options options;
  options.bytes_max = 8 << 20;
  Store store(options, clock);
  for (int i = 0; i < 3000; ++i) {
    OwnedEvent event;
    event.run_id = "run-" + std::to_string(i);
    event.received_at_us = i;
    apply_one(store, event);
  }
  CHECK(store.stats().resident_bytes <= options.bytes_max);
  CHECK(store.stats().evicted_below_floor > 0);
  Query newest;
  newest.run_id = "run-2999";
  CHECK(ask(store, newest).events.size() == 1);
}

TEST_CASE("there are never more than 16,384 sources, and the stalest give way") {
  ManualClock clock;
  Options options;
  options.block_bytes = 4096;
  Store store(options, clock);
  std::vector<OwnedEvent> owned(20'000);
  std::vector<event::Event> batch;
  for (size_t i = 0; i < owned.size(); ++i) {
    owned[i].run_id = "run-" + std::to_string(i);
    owned[i].received_at_us = static_cast<int64_t>(i);
    batch.push_back(owned[i].view());
  }
  store.apply(batch);
  CHECK(store.stats().sources <= 16'384);
  CHECK(store.stats().sources > 16'000);
  CHECK(store.stats().events == store.stats().sources);
  Query query;
  query.run_id = "run-19999";
  CHECK(ask(store, query).events.size() == 1);
  query.run_id = "run-0";
  CHECK(ask(store, query).events.empty());
}

TEST_CASE("events past their time to live are not shown, then dropped, with their source") {
  ManualClock clock;
  Options options;
  options.ttl_us = 60 * kSecondUs;
  Store store(options, clock);
  write_lines(store, "old", 10, 60);
  OwnedEvent young;
  young.service = "old";
  young.at_us = young.received_at_us = 40 * kSecondUs;
  young.message = "young";
  young.event_id = "young";
  apply_one(store, young);
  clock.now_us += 70 * kSecondUs;
  // Old and young share a block, which therefore stays.
  CHECK(messages(ask(store, {})) == std::vector<std::string>{"young"});
  CHECK(store.contains("young"));
  clock.now_us += 40 * kSecondUs;
  CHECK(messages(ask(store, {})).empty());
  store.expire();
  CHECK(store.stats().events == 0);
  CHECK(store.stats().sources == 0);
  CHECK(store.stats().ids == 0);
  CHECK(store.stats().postings == 0);
  CHECK(store.stats().event_ids == 0);
  CHECK_FALSE(store.contains("young"));
  CHECK(store.stats().evicted_by_ttl == 11);
  write_lines(store, "new", 5, 60, 110 * kSecondUs);
  CHECK(store.stats().events == 5);
}

TEST_CASE("evicted events leave nothing behind in the indexes") {
  ManualClock clock;
  Options options;
  options.events_max = 10'000;
  Store store(options, clock);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 2000; ++i) {
      OwnedEvent event;
      event.correlation_id = long_id(static_cast<uint64_t>(round * 2000 + i));
      event.event_id = "event-" + std::to_string(round * 2000 + i);
      event.received_at_us = round * 2000 + i;
      apply_one(store, event);
    }
  }
  CHECK(store.stats().postings == store.stats().events);
  store.expire();  // or the next apply() of a second later
  const Stats stats = store.stats();
  CHECK(stats.events <= options.events_max);
  CHECK(stats.ids == stats.events);
  CHECK(stats.event_ids == stats.events);
  CHECK_FALSE(store.contains("event-0"));
  CHECK(store.contains("event-19999"));
  // An id that was evicted may come again.
  OwnedEvent again;
  again.event_id = "event-0";
  apply_one(store, again);
  CHECK(store.contains("event-0"));
}

TEST_CASE("an id whose ring has evicted around it says so") {
  ManualClock clock;
  Options options;
  options.events_max = 3'000;
  Store store(options, clock);
  OwnedEvent start;
  start.service = "web";
  start.correlation_id = long_id(777'777);
  start.at_us = start.received_at_us = 0;
  apply_one(store, start);
  write_lines(store, "chatty", 20'000, 60, 1000);
  Query query;
  query.correlation_id = start.correlation_id;
  const Answer answer = ask(store, query);
  REQUIRE(answer.events.size() == 1);
  REQUIRE(answer.truncated.size() == 1);
  CHECK(answer.truncated[0].source == "stdout:chatty");
}

}  // namespace
}  // namespace gasoline::store
