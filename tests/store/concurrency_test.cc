#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "base/random.h"
#include "store/event_maker.h"

namespace gasoline::store {
namespace {

constexpr int kWriters = 4;
constexpr int kReaders = 16;
constexpr int kBatches = 80;
constexpr size_t kBatchEvents = 40;
constexpr const char* kRegex = "message 1\\d*7\\.";

std::vector<OwnedEvent> make_batch(int writer, int batch) {
  std::vector<OwnedEvent> events(kBatchEvents);
  for (size_t i = 0; i < events.size(); ++i) {
    OwnedEvent& event = events[i];
    const auto number = static_cast<uint64_t>(batch) * kBatchEvents + i;
    event.service = "service-" + std::to_string(writer);
    event.run_id = "run";
    event.seq = number + 1;
    event.event_id = event.service + "-" + std::to_string(number);
    event.at_us = event.received_at_us = static_cast<int64_t>(number);
    event.message = "message " + std::to_string(number) + std::string(150, '.');
    event.correlation_id = long_id(number % 40);
    event.request_id = long_id(1000 + number % 7);
    if (number % 11 == 0) event.metadata = "\"partial\":true";
    if (number % 11 == 1) event.metadata = "\"replaces\":" + std::to_string(number);
  }
  return events;
}

/// Pages through everything; the order must hold from page to page and no event come twice.
void read_pages(const Store& store, Query query) {
  std::set<std::string> seen;
  int64_t last_us = INT64_MIN;
  for (int page = 0; page < 20; ++page) {
    Result<Answer> answer = store.timeline(query);
    REQUIRE(answer.has_value());
    for (const event::Event& event : answer->events) {
      REQUIRE(event.timestamp_us >= last_us);
      last_us = event.timestamp_us;
      REQUIRE(event.message.ends_with("...."));
      REQUIRE(seen.insert(std::string(event.event_id)).second);
    }
    query.cursor = answer->next_cursor;
    if (query.cursor.empty()) return;
  }
}

/// A page of a search is newest first, and all of it matches.
bool search_holds(const Store& store, const pattern::TextMatcher& matcher, Random& random) {
  Search search;
  search.query.text = kRegex;
  search.query.limit = 1 + static_cast<uint32_t>(random.next_u64() % 100);
  const Result<SearchAnswer> answer = store.search(search, matcher);
  if (!answer) return false;
  int64_t last_us = INT64_MAX;
  for (const event::Event& event : answer->page.events) {
    if (event.timestamp_us > last_us || !matcher.matches(event.message)) return false;
    last_us = event.timestamp_us;
  }
  return true;
}

/// What arrived last can be read in its order.
bool arrivals_hold(const Store& store) {
  const uint64_t next = store.next_arrival();
  Arrivals arrivals;
  store.arrivals(next - std::min<uint64_t>(next, 200), 200, arrivals);
  uint64_t last = 0;
  for (const uint64_t arrival : arrivals.page.arrivals) {
    if (arrival <= last) return false;
    last = arrival;
  }
  return true;
}

TEST_CASE("four writers in turn and sixteen readers at once see whole events in order") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  ManualClock clock;
  Options options;
  options.events_max = 4'000;
  options.floor_events = 100;
  options.block_bytes = 8 << 10;
  options.warm_bytes = 64 << 10;
  options.unpacked_bytes = 64 << 10;
  Store store(options, clock);
  std::mutex writing;
  std::atomic<int> writers_left{kWriters};
  std::atomic<bool> failed{false};
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int b = 0; b < kBatches; ++b) {
        const std::vector<OwnedEvent> owned = make_batch(w, b);
        std::vector<event::Event> batch;
        for (const OwnedEvent& event : owned) batch.push_back(event.view());
        const std::lock_guard lock(writing);
        store.apply(batch);
      }
      --writers_left;
    });
  }
  for (int r = 0; r < kReaders; ++r) {
    threads.emplace_back([&, r] {
      SeededRandom random(seed + static_cast<uint64_t>(r));
      const auto matcher = pattern::TextMatcher::compile(kRegex, false);
      do {
        Query query;
        if (random.next_u64() % 2 == 0) query.correlation_id = long_id(random.next_u64() % 40);
        query.include_inferred = random.next_u64() % 4 == 0;
        if (random.next_u64() % 4 == 0) query.text = "MESSAGE 1";
        query.limit = 1 + static_cast<uint32_t>(random.next_u64() % 300);
        Result<Answer> answer = store.timeline(query);
        int64_t last_us = INT64_MIN;
        bool good = answer.has_value();
        for (size_t i = 0; good && i < answer->events.size(); ++i) {
          good = answer->events[i].timestamp_us >= last_us &&
                 answer->events[i].message.ends_with("....");
          last_us = answer->events[i].timestamp_us;
        }
        good = good && search_holds(store, *matcher, random) && arrivals_hold(store);
        if (!good) failed = true;
        static_cast<void>(store.sources());
        static_cast<void>(store.stats());
        static_cast<void>(store.contains("service-1-17"));
      } while (writers_left > 0);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(failed);
  const Stats stats = store.stats();
  CHECK(stats.applied == kWriters * kBatches * kBatchEvents);
  CHECK(stats.events <= options.events_max);
  CHECK(stats.replaced > 0);
}

TEST_CASE("a cursor neither repeats nor skips while events come and others are evicted") {
  ManualClock clock;
  Options options;
  options.events_max = 10'000;
  options.block_bytes = 8 << 10;
  options.warm_bytes = 0;
  Store store(options, clock);
  // The quiet source's events are within its floor: every one must be seen exactly once.
  for (int i = 0; i < 500; ++i) {
    OwnedEvent event;
    event.service = "quiet";
    event.event_id = "quiet-" + std::to_string(i);
    event.at_us = i * 1000;
    event.received_at_us = 0;
    event.message = "....";
    event.correlation_id = long_id(7);
    apply_one(store, event);
  }
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (uint64_t n = 0; !done; ++n) {
      OwnedEvent event;
      event.service = "chatty";
      event.event_id = "chatty-" + std::to_string(n);
      event.at_us = static_cast<int64_t>((n * 7919) % 500'000);
      event.received_at_us = static_cast<int64_t>(n);
      event.message = "....";
      event.correlation_id = long_id(n % 3 == 0 ? 7 : 8);
      apply_one(store, event);
    }
  });
  while (store.stats().evicted_by_count == 0) std::this_thread::yield();
  for (const std::string& id : {std::string(), long_id(7)}) {
    Query query;
    query.correlation_id = id;
    query.limit = 97;
    size_t quiet = 0;
    std::set<std::string> seen;
    do {
      Result<Answer> answer = store.timeline(query);
      REQUIRE(answer.has_value());
      for (const event::Event& event : answer->events) {
        REQUIRE(seen.insert(std::string(event.event_id)).second);
        if (event.service == "quiet") ++quiet;
      }
      query.cursor = answer->next_cursor;
    } while (!query.cursor.empty());
    CHECK(quiet == 500);
  }
  done = true;
  writer.join();
  read_pages(store, {});
}

}  // namespace
}  // namespace gasoline::store
