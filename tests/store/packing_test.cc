#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "base/random.h"
#include "store/event_maker.h"

namespace gasoline::store {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

Options packing_at_once() {
  Options options;
  options.block_bytes = 4096;
  options.warm_bytes = 0;
  return options;
}

/// Packing goes on behind: waits until no full block is left unpacked.
void wait_until_packed(const Store& store) {
  for (int i = 0; i < 20'000 && store.stats().warm_bytes > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(store.stats().warm_bytes == 0);
}

std::string random_text(SeededRandom& random, size_t size_max) {
  std::string text(random.next_u64() % (size_max + 1), ' ');
  for (char& c : text) c = static_cast<char>(random.next_u64());
  return text;
}

/// An event with anything in any field.
OwnedEvent any_event(SeededRandom& random, size_t number) {
  const auto sometimes = [&](std::string value) {
    return random.next_u64() % 3 == 0 ? value : std::string();
  };
  OwnedEvent event;
  event.event_id = sometimes("event-" + std::to_string(number));
  event.at_us = static_cast<int64_t>(random.next_u64() >> 20) - (int64_t{1} << 43);
  event.received_at_us = static_cast<int64_t>(number);
  event.level = static_cast<event::Level>(random.next_u64() % 5);
  event.service = "service-" + std::to_string(random.next_u64() % 3);
  event.message = random_text(random, 300);
  if (random.next_u64() % 50 == 0) event.message = random_text(random, 50'000);
  event.correlation_id = sometimes(long_id(random.next_u64() % 50));
  event.trace_id = random.next_u64() % 2 == 0 ? event.correlation_id : sometimes(long_id(60));
  event.request_id = random.next_u64() % 2 == 0 ? event.correlation_id : sometimes(long_id(70));
  event.metadata = sometimes("\"key\":\"" + std::to_string(random.next_u64()) + "\"");
  event.seq = random.next_u64() >> (random.next_u64() % 64);
  for (size_t i = random.next_u64() % 4; i > 0; --i) {
    event.tags.push_back("tag:" + std::to_string(i));
  }
  return event;
}

void require_same(const event::Event& a, const event::Event& b) {
  REQUIRE(a.event_id == b.event_id);
  REQUIRE(a.timestamp_us == b.timestamp_us);
  REQUIRE(a.receive_time_us == b.receive_time_us);
  REQUIRE(a.level == b.level);
  REQUIRE(a.source == b.source);
  REQUIRE(a.level_stated == b.level_stated);
  REQUIRE(a.timestamp_stated == b.timestamp_stated);
  REQUIRE(a.service == b.service);
  REQUIRE(a.message == b.message);
  REQUIRE(a.correlation_id == b.correlation_id);
  REQUIRE(a.trace_id == b.trace_id);
  REQUIRE(a.span_id == b.span_id);
  REQUIRE(a.request_id == b.request_id);
  REQUIRE(a.metadata == b.metadata);
  REQUIRE(a.run_id == b.run_id);
  REQUIRE(a.seq == b.seq);
  REQUIRE(a.line == b.line);
  REQUIRE(std::equal(a.tags.begin(), a.tags.end(), b.tags.begin(), b.tags.end()));
}

TEST_CASE("an event comes out of a packed block as it went in, whatever it says") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  ManualClock clock;
  Store store(packing_at_once(), clock);
  std::vector<OwnedEvent> all;
  for (size_t i = 0; i < 3'000; ++i) all.push_back(any_event(random, i));
  std::vector<event::Event> views;
  for (size_t i = 0; i < all.size(); ++i) {
    event::Event view = all[i].view();
    view.span_id = i % 5 == 0 ? "00f067aa0ba902b7" : "";
    view.line = i % 7 * i;
    view.level_stated = i % 2 == 0;
    view.timestamp_stated = i % 3 == 0;
    views.push_back(view);
  }
  store.apply(views);
  wait_until_packed(store);
  CHECK(store.stats().packed_blocks > 50);
  Arrivals arrivals;
  store.arrivals(1, views.size(), arrivals);
  REQUIRE(arrivals.page.events.size() == views.size());
  for (size_t i = 0; i < views.size(); ++i) require_same(arrivals.page.events[i], views[i]);
}

TEST_CASE("a partial event in a packed block gives way to its completed line") {
  ManualClock clock;
  Store store(packing_at_once(), clock);
  OwnedEvent part;
  part.run_id = "run";
  part.message = "begi";
  part.seq = 1;
  part.metadata = "\"partial\":true";
  apply_one(store, part);
  for (uint64_t i = 2; i < 200; ++i) {
    OwnedEvent other;
    other.run_id = "run";
    other.at_us = static_cast<int64_t>(i);
    other.seq = i;
    other.message = std::string(200, '.');
    apply_one(store, other);
  }
  wait_until_packed(store);
  Query query;
  query.text = "begi";
  REQUIRE(messages(*store.timeline(query)) == std::vector<std::string>{"begi"});
  OwnedEvent whole = part;
  whole.message = "beginning";
  whole.seq = 200;
  whole.metadata = "\"replaces\":1";
  apply_one(store, whole);
  CHECK(messages(*store.timeline(query)) == std::vector<std::string>{"beginning"});
  CHECK(store.stats().replaced == 1);
  wait_until_packed(store);
  CHECK(messages(*store.timeline(query)) == std::vector<std::string>{"beginning"});
}

TEST_CASE("a line joins an event in a packed block") {
  ManualClock clock;
  Store store(packing_at_once(), clock);
  OwnedEvent head;
  head.event_id = "head";
  head.message = "Error: broken" + std::string(2'000, '.');
  apply_one(store, head);
  for (int i = 1; i <= 8; ++i) {
    OwnedEvent part;
    part.event_id = "part-" + std::to_string(i);
    part.at_us = i;
    part.message = "  at line " + std::to_string(i) + std::string(1'500, '.');
    part.metadata = "\"continues\":\"head\"";
    apply_one(store, part);
    wait_until_packed(store);
  }
  const Answer answer = std::move(*store.timeline({}));
  REQUIRE(answer.events.size() == 1);
  CHECK(answer.events[0].message.find("at line 8") != std::string_view::npos);
  CHECK(store.stats().joined == 8);
}

/// Lines that compress, of many requests.
void write_lines(Store& store, size_t count) {
  static constexpr size_t kBatch = 500;
  std::vector<OwnedEvent> owned(kBatch);
  for (size_t done = 0; done < count; done += kBatch) {
    std::vector<event::Event> batch;
    for (size_t i = 0; i < kBatch; ++i) {
      const size_t n = done + i;
      owned[i] = {};
      owned[i].event_id = "event-" + std::to_string(n);
      owned[i].at_us = owned[i].received_at_us = static_cast<int64_t>(n);
      owned[i].message = "order " + std::to_string(n * 7919 % 100'003) + " was handled for user " +
                         std::to_string(n % 977) + " without any trouble in the usual time";
      owned[i].correlation_id = long_id(n % 1000);
      batch.push_back(owned[i].view());
    }
    store.apply(batch);
  }
}

TEST_CASE("what waits to be packed is bounded, however fast events come") {
  ManualClock clock;
  Options options;
  options.warm_bytes = 256 << 10;
  Store store(options, clock);
  uint64_t most = 0;
  for (int i = 0; i < 40; ++i) {
    write_lines(store, 5'000);
    most = std::max(most, store.stats().warm_bytes);
  }
  const uint64_t tolerance = 8 * options.block_bytes;
  CHECK(most > options.warm_bytes / 2);
  CHECK(most <= 2 * options.warm_bytes + tolerance);
}

TEST_CASE("a packed event takes a fraction of the memory of one that is not") {
  ManualClock clock;
  Options packed = packing_at_once();
  packed.block_bytes = 32 << 10;
  Options plain;
  plain.warm_bytes = 512 << 20;
  Store a(packed, clock);
  Store b(plain, clock);
  write_lines(a, 100'000);
  write_lines(b, 100'000);
  wait_until_packed(a);
  CHECK(a.stats().events == b.stats().events);
  CHECK(a.stats().packed_bytes * 4 < b.stats().warm_bytes);
  CHECK(a.stats().resident_bytes * 2 < b.stats().resident_bytes);
}

TEST_CASE("unpacked copies for queries are found again, and bounded") {
  ManualClock clock;
  Options options = packing_at_once();
  options.unpacked_bytes = 160 << 10;
  Store store(options, clock);
  write_lines(store, 20'000);
  wait_until_packed(store);
  Query query;
  query.correlation_id = long_id(17);
  REQUIRE(store.timeline(query)->events.size() == 20);
  CHECK(store.stats().unpacked_hits > 0);
  const uint64_t misses = store.stats().unpacked_misses;
  CHECK(misses >= 20);
  query = {};
  query.limit = Query::kLimitMax;
  CHECK(store.timeline(query)->events.size() == Query::kLimitMax);
  CHECK(store.stats().unpacked_misses > misses);
  CHECK(store.stats().unpacked_bytes > 0);
  CHECK(store.stats().unpacked_bytes <= options.unpacked_bytes);
}

TEST_CASE("a search unpacks only blocks that hold a match, and finds all of them") {
  ManualClock clock;
  Store store(packing_at_once(), clock);
  write_lines(store, 20'000);
  wait_until_packed(store);
  Search search;
  search.query.text = "order 7919[0-9]? was";
  search.time_box_us = INT64_MAX / 2;
  const auto matcher = pattern::TextMatcher::compile(search.query.text, false);
  REQUIRE(matcher.has_value());
  const auto answer = store.search(search, *matcher);
  REQUIRE(answer.has_value());
  size_t expected = 0;
  for (size_t n = 0; n < 20'000; ++n) {
    const size_t order = n * 7919 % 100'003;
    expected += order == 7919 || order / 10 == 7919 ? 1u : 0u;
  }
  CHECK(answer->page.events.size() == expected);
  CHECK(answer->events_searched == 20'000);
  CHECK(store.stats().unpacked_misses <= 2 * expected + 2);
}

TEST_CASE("packed events are evicted by count, by bytes and by time, and may come again") {
  ManualClock clock;
  Options options = packing_at_once();
  options.events_max = 10'000;
  options.ttl_us = 60 * kSecondUs;
  Store store(options, clock);
  write_lines(store, 30'000);
  wait_until_packed(store);
  CHECK(store.stats().events <= 10'000);
  CHECK(store.stats().event_ids == store.stats().events);
  CHECK_FALSE(store.contains("event-0"));
  OwnedEvent again;
  again.event_id = "event-0";
  apply_one(store, again);
  CHECK(store.contains("event-0"));
  clock.now_us += 120 * kSecondUs;
  store.expire();
  CHECK(store.stats().events == 0);
  CHECK(store.stats().packed_blocks == 0);
  CHECK(store.stats().packed_bytes == 0);
  CHECK(store.stats().warm_bytes == 0);
  CHECK(store.stats().postings == 0);
  CHECK(store.stats().event_ids == 0);
}

}  // namespace
}  // namespace gasoline::store
