#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "base/random.h"
#include "store/event_maker.h"

namespace gasoline::store {
namespace {

struct Kept {
  OwnedEvent event;
  size_t arrival;
};

/// What the store must answer, said in the plainest way. Ids of the test are not linked.
std::vector<std::string> model_answer(const std::vector<Kept>& all, const Query& query) {
  std::vector<Kept> chosen;
  for (const Kept& each : all) {
    const event::Event event = each.event.view();
    if (!query.correlation_id.empty() && event.correlation_id != query.correlation_id) continue;
    if (query.start_us && event.timestamp_us < *query.start_us) continue;
    if (query.end_us && event.timestamp_us >= *query.end_us) continue;
    if (query.level_min && event.level < *query.level_min) continue;
    if (!query.services.empty() && event.service != query.services[0]) continue;
    if (event.message.find(query.text) == std::string_view::npos) continue;
    chosen.push_back(each);
  }
  std::sort(chosen.begin(), chosen.end(), [](const Kept& a, const Kept& b) {
    return std::pair(a.event.at_us, a.arrival) < std::pair(b.event.at_us, b.arrival);
  });
  std::vector<std::string> messages;
  for (const Kept& each : chosen) messages.push_back(each.event.message);
  return messages;
}

OwnedEvent random_event(SeededRandom& random, size_t number) {
  OwnedEvent event;
  event.at_us = static_cast<int64_t>(number * 10 + random.next_u64() % 2000);
  event.received_at_us = static_cast<int64_t>(number);
  event.level = static_cast<event::Level>(random.next_u64() % 5);
  event.kind = static_cast<event::SourceKind>(random.next_u64() % 3);
  event.service = "service-" + std::to_string(random.next_u64() % 4);
  event.message = "message " + std::to_string(number);
  if (random.next_u64() % 3 != 0) event.correlation_id = long_id(random.next_u64() % 50);
  if (random.next_u64() % 500 == 0) event.message.append(20'000, 'x');
  return event;
}

Query random_query(SeededRandom& random, size_t events) {
  Query query;
  const auto moment = [&] {
    return ManualClock::kStartUs + static_cast<int64_t>(random.next_u64() % (events * 10 + 2000));
  };
  if (random.next_u64() % 2 == 0) query.correlation_id = long_id(random.next_u64() % 52);
  if (random.next_u64() % 3 == 0) query.start_us = moment();
  if (random.next_u64() % 3 == 0) query.end_us = moment();
  if (random.next_u64() % 4 == 0)
    query.level_min = static_cast<event::Level>(random.next_u64() % 5);
  if (random.next_u64() % 4 == 0) query.services = {"service-1"};
  if (random.next_u64() % 4 == 0) query.text = std::to_string(random.next_u64() % 10);
  query.limit = static_cast<uint32_t>(1 + random.next_u64() % 200);
  return query;
}

std::vector<std::string> all_pages(const Store& store, Query query) {
  std::vector<std::string> seen;
  do {
    Result<Answer> page = store.timeline(query);
    REQUIRE(page.has_value());
    REQUIRE(page->events.size() <= query.limit);
    for (const std::string& message : messages(*page)) seen.push_back(message);
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  return seen;
}

TEST_CASE("any query of any history answers as a plain vector would") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  for (int round = 0; round < 5; ++round) {
    ManualClock clock;
    Options options;
    options.block_bytes = round % 2 == 0 ? 4096 : 64 << 10;
    if (round % 3 != 0) options.warm_bytes = 0;
    if (round % 3 == 1) options.unpacked_bytes = 16 << 10;
    Store store(options, clock);
    std::vector<Kept> all;
    for (int step = 0; step < 60; ++step) {
      std::vector<event::Event> batch;
      const size_t begin = all.size();
      for (size_t i = random.next_u64() % 100; i > 0; --i) {
        all.push_back({random_event(random, all.size()), all.size()});
      }
      for (size_t i = begin; i < all.size(); ++i) batch.push_back(all[i].event.view());
      store.apply(batch);
      const Query query = random_query(random, all.size());
      REQUIRE(all_pages(store, query) == model_answer(all, query));
    }
    REQUIRE(store.stats().events == all.size());
  }
}

}  // namespace
}  // namespace gasoline::store
