#include "event/event_codec.h"

#include <catch2/catch.hpp>
#include <deque>
#include <limits>
#include <vector>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline::event {
namespace {

/// Makes events of any shape and owns what they point to.
class EventMaker {
 public:
  explicit EventMaker(uint64_t seed) : random_(seed) {}

  Event make() {
    Event event;
    for (std::string_view* field :
         {&event.event_id, &event.service, &event.message, &event.correlation_id, &event.trace_id,
          &event.span_id, &event.request_id, &event.metadata, &event.run_id}) {
      *field = text();
    }
    event.timestamp_us = static_cast<int64_t>(number());
    event.receive_time_us = static_cast<int64_t>(number());
    event.level = static_cast<Level>(random_.next_u64() % 5);
    event.source = static_cast<SourceKind>(random_.next_u64() % 10);
    event.level_stated = random_.next_u64() % 2 == 0;
    event.timestamp_stated = random_.next_u64() % 2 == 0;
    event.seq = number();
    event.line = number();
    std::vector<std::string_view> tags(random_.next_u64() % (random_.next_u64() % 8 == 0 ? 65 : 4));
    for (std::string_view& tag : tags) tag = text();
    tags_.push_back(std::move(tags));
    event.tags = tags_.back();
    return event;
  }

 private:
  /// Of any magnitude, with its sign bit set now and then.
  uint64_t number() { return random_.next_u64() >> (random_.next_u64() % 64); }

  std::string_view text() {
    if (random_.next_u64() % 3 == 0) return {};
    std::string bytes(random_.next_u64() % (random_.next_u64() % 20 == 0 ? 500 : 20), ' ');
    for (char& byte : bytes) byte = static_cast<char>(random_.next_u64());
    texts_.push_back(std::move(bytes));
    return texts_.back();
  }

  SeededRandom random_;
  std::deque<std::string> texts_;
  std::deque<std::vector<std::string_view>> tags_;
};

void check_same(const Event& a, const Event& b) {
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
  REQUIRE(std::vector(a.tags.begin(), a.tags.end()) == std::vector(b.tags.begin(), b.tags.end()));
}

TEST_CASE("random events come back one after another from their binary form") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  EventMaker maker(seed);
  std::vector<Event> events;
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    events.push_back(maker.make());
    append_encoded(bytes, events.back());
  }
  Arena arena;
  std::string_view from = bytes;
  for (const Event& expected : events) {
    Event taken;
    REQUIRE(take_encoded(from, taken, arena));
    check_same(taken, expected);
  }
  CHECK(from.empty());
}

TEST_CASE("an event cut at any byte is refused and nothing moves") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  EventMaker maker(seed);
  Arena arena;
  for (int i = 0; i < 50; ++i) {
    std::string whole;
    append_encoded(whole, maker.make());
    for (size_t size = 0; size < whole.size(); ++size) {
      // A heap block of exactly this size, so that a sanitizer sees a read past its end.
      const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
      std::string_view from(cut.data(), cut.size());
      Event event;
      event.message = "untouched";
      REQUIRE_FALSE(take_encoded(from, event, arena));
      REQUIRE(from.size() == size);
      REQUIRE(event.message == "untouched");
    }
  }
}

TEST_CASE("a damaged event is refused or read, never more than its bytes") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  EventMaker maker(seed);
  SeededRandom random(seed + 1);
  Arena arena;
  for (int i = 0; i < 5000; ++i) {
    std::string bytes;
    append_encoded(bytes, maker.make());
    for (uint64_t flips = random.next_u64() % 4; flips > 0; --flips) {
      char& byte = bytes[random.next_u64() % bytes.size()];
      byte = static_cast<char>(byte ^ (1 << (random.next_u64() % 8)));
    }
    const std::vector<char> exact(bytes.begin(), bytes.end());
    std::string_view from(exact.data(), exact.size());
    Event event;
    if (!take_encoded(from, event, arena)) continue;
    REQUIRE(from.data() + from.size() == exact.data() + exact.size());
    REQUIRE(event.tags.size() <= kTagsMax);
    arena.reset();
  }
}

TEST_CASE("another version, level or kind of source is refused") {
  std::string bytes;
  append_encoded(bytes, Event{});
  Arena arena;
  const auto is_taken = [&](size_t at, char value) {
    std::string changed = bytes;
    changed[at] = value;
    std::string_view from = changed;
    Event event;
    return take_encoded(from, event, arena);
  };
  CHECK(bytes[0] == 1);
  CHECK(is_taken(0, 1));
  CHECK_FALSE(is_taken(0, 0));
  CHECK_FALSE(is_taken(0, 2));
  CHECK(is_taken(2, 4));
  CHECK_FALSE(is_taken(2, 5));
  CHECK(is_taken(3, 9));
  CHECK_FALSE(is_taken(3, 10));
}

TEST_CASE("more tags than an event may have are refused") {
  const std::vector<std::string_view> tags(kTagsMax + 1, "t");
  Event event;
  event.tags = tags;
  std::string bytes;
  append_encoded(bytes, event);
  std::string_view from = bytes;
  Arena arena;
  CHECK_FALSE(take_encoded(from, event, arena));
}

TEST_CASE("the earliest and the latest time come back") {
  for (const int64_t time : {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0},
                             std::numeric_limits<int64_t>::max()}) {
    Event event;
    event.timestamp_us = time;
    event.receive_time_us = ~time;  // as far from it as can be
    std::string bytes;
    append_encoded(bytes, event);
    std::string_view from = bytes;
    Event taken;
    Arena arena;
    REQUIRE(take_encoded(from, taken, arena));
    CHECK(taken.timestamp_us == event.timestamp_us);
    CHECK(taken.receive_time_us == event.receive_time_us);
  }
}

}  // namespace
}  // namespace gasoline::event
