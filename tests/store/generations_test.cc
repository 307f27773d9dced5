#include <catch2/catch.hpp>

#include <algorithm>

#include "pattern/text_matcher.h"
#include "store/event_maker.h"

namespace gasoline::store {
namespace {

/// A line of a followed file, as its source labels it. `number` is that of the generation.
OwnedEvent line_of(const std::string& path, uint64_t number, int64_t at_us) {
  OwnedEvent line;
  line.kind = event::SourceKind::kFile;
  line.service = "shop";
  line.run_id = "file-" + path + "-" + std::to_string(number);
  line.metadata = R"("path":")" + path + "\"";
  line.seq = static_cast<uint64_t>(at_us) + 1;
  line.at_us = line.received_at_us = at_us;
  line.message = path + " says " + std::to_string(at_us) + " in " + std::to_string(number);
  return line;
}

std::vector<std::string> asked(const Store& store, const std::string& run_id) {
  Query query;
  query.run_id = run_id;
  const Result<Answer> answer = store.timeline(query);
  REQUIRE(answer.has_value());
  for (const event::Event& event : answer->events) {
    CHECK((run_id.empty() || event.run_id == run_id));
  }
  return messages(*answer);
}

TEST_CASE("a file is one source through its rotations, and its lines tell their generation") {
  const ManualClock clock;
  Store store({}, clock);
  std::vector<OwnedEvent> owned;
  for (int64_t i = 0; i < 10; ++i) {
    owned.push_back(line_of("/a.log", i < 5 ? 0 : 1, i));
    owned.push_back(line_of("/b.log", 0, i));
  }
  std::vector<event::Event> events;
  for (const OwnedEvent& each : owned) events.push_back(each.view());
  store.apply(events);

  const std::vector<SourceStats> sources = store.sources();
  REQUIRE(sources.size() == 2);
  for (const SourceStats& source : sources) {
    CHECK(source.name == "file:shop");
    CHECK(source.events == 10);
    CHECK(source.place == (source.run_id == "file-/a.log-1" ? "path:/a.log" : "path:/b.log"));
  }
  CHECK(asked(store, "").size() == 20);
  CHECK(asked(store, "file-/a.log-0").size() == 5);
  CHECK(asked(store, "file-/a.log-1").size() == 5);
  CHECK(asked(store, "file-/a.log-1").front() == "/a.log says 5 in 1");
  CHECK(asked(store, "file-/b.log-0").size() == 10);
  CHECK(asked(store, "file-/a.log-2").empty());
  Search search;
  search.query.text = "says";
  search.query.run_id = "file-/a.log-0";
  const Result<pattern::TextMatcher> matcher = pattern::TextMatcher::compile("says", false);
  REQUIRE(matcher.has_value());
  const Result<SearchAnswer> found = store.search(search, *matcher);
  REQUIRE(found.has_value());
  CHECK(found->page.events.size() == 5);
}

TEST_CASE("a file of another host is a source of its own, through its rotations too") {
  const ManualClock clock;
  Store store({}, clock);
  for (int64_t i = 0; i < 6; ++i) {
    OwnedEvent line = line_of("/a.log", 0, i);
    line.kind = event::SourceKind::kSsh;
    line.run_id = "ssh-" + std::to_string(i);
    line.metadata = i % 2 == 0 ? R"("host":"web1","file":"/a.log")" : R"("host":"web2","file":"/a.log")";
    apply_one(store, line);
  }
  const std::vector<SourceStats> sources = store.sources();
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].place == "host:web1 path:/a.log");
  CHECK(sources[1].place == "host:web2 path:/a.log");
  CHECK(sources[0].events == 3);
}

TEST_CASE("a container is one source while its log file is rotated") {
  const ManualClock clock;
  Store store({}, clock);
  for (uint64_t i = 0; i < 4; ++i) {
    OwnedEvent line = line_of("/containers/c/c-json.log", i, static_cast<int64_t>(i));
    line.kind = event::SourceKind::kContainer;
    apply_one(store, line);
    line.run_id = "c0ffee" + std::to_string(i / 2);  // as the engine streams it
    apply_one(store, line);
  }
  std::vector<std::string> places;
  for (const SourceStats& source : store.sources()) places.push_back(source.place);
  std::sort(places.begin(), places.end());
  CHECK(places == std::vector<std::string>{"", "", "path:/containers/c/c-json.log"});
}

TEST_CASE("an event that goes on in the next generation is shown as one") {
  const ManualClock clock;
  Store store({}, clock);
  OwnedEvent head = line_of("/a.log", 0, 0);
  head.event_id = "head";
  head.message = "Error: one";
  apply_one(store, head);
  OwnedEvent part = line_of("/a.log", 1, 1);
  part.event_id = "part";
  part.message = "    at a (/srv/a.js:1:1)";
  part.metadata += R"(,"continues":"head")";
  apply_one(store, part);
  CHECK(asked(store, "") == std::vector<std::string>{head.message + "\n" + part.message});
}

TEST_CASE("two generations that are written in turns cost little memory for each turn") {
  const ManualClock clock;
  Options options;
  options.warm_bytes = 1 << 20;
  Store store(options, clock);
  constexpr int64_t kTurns = 5000;
  for (int64_t i = 0; i < kTurns; ++i) {
    apply_one(store, line_of("/a.log", static_cast<uint64_t>(i % 2), i));
  }
  CHECK(store.sources().size() == 1);
  CHECK(store.stats().events == kTurns);
  CHECK(store.stats().resident_bytes < 16u << 20);
  Query query;
  query.limit = 10'000;
  query.run_id = "file-/a.log-1";
  const Result<Answer> answer = store.timeline(query);
  REQUIRE(answer.has_value());
  CHECK(answer->events.size() == kTurns / 2);
}

TEST_CASE("a file that is rotated all the time takes no memory from its own lines") {
  const ManualClock clock;
  Options options;
  options.bytes_max = 4 << 20;
  options.warm_bytes = 1 << 20;
  Store store(options, clock);
  int64_t at_us = 0;
  for (uint64_t generation = 0; generation < 8000; ++generation) {
    for (int i = 0; i < 40; ++i) apply_one(store, line_of("/a.log", generation, at_us++));
  }
  CHECK(store.stats().resident_bytes <= options.bytes_max);
  CHECK(store.stats().sources == 1);
  CHECK(store.stats().evicted_by_bytes > 0);
  CHECK(store.stats().events > 20'000);  // how much is packed is the packer's haste
}

TEST_CASE("sources whose events are all gone are one note for each name, and no more than 256") {
  ManualClock clock;
  Options options;
  options.events_max = 1000;
  Store store(options, clock);
  constexpr int kNames = 400;
  constexpr int kRuns = 4;
  for (int name = 0; name < kNames; ++name) {
    for (int run = 0; run < kRuns; ++run) {
      OwnedEvent event;
      event.service = "s" + std::to_string(name);
      event.run_id = "run" + std::to_string(name * kRuns + run);
      event.at_us = event.received_at_us = name * kRuns + run;
      apply_one(store, event);
    }
  }
  clock.now_us += 1000;
  const std::vector<SourceStats> sources = store.sources();
  uint64_t events = 0;
  uint64_t notes = 0;
  for (const SourceStats& source : sources) {
    events += source.events;
    if (source.events > 0) continue;
    ++notes;
    CHECK(source.evicted <= kRuns);
    CHECK(source.run_id.empty());
  }
  CHECK(events == 1000);
  // 600 runs of 150 names are gone.
  CHECK(store.stats().sources == 1000);
  CHECK(notes == 150);

  // Who asks for a run that is gone is told why nothing is found; one that is whole is called whole.
  Query gone;
  gone.services = {"s0"};
  gone.run_id = "run0";
  const Result<Answer> nothing = store.timeline(gone);
  REQUIRE(nothing.has_value());
  CHECK(nothing->events.empty());
  CHECK(nothing->truncated.size() == 1);
  Query whole;
  whole.run_id = "run" + std::to_string(kNames * kRuns - 1);
  const Result<Answer> all = store.timeline(whole);
  REQUIRE(all.has_value());
  CHECK(all->events.size() == 1);
  CHECK(all->truncated.empty());

  for (int i = 0; i < 1000; ++i) {
    OwnedEvent event;
    event.service = "late";
    event.run_id = "late" + std::to_string(i);
    event.at_us = event.received_at_us = 10'000 + i;
    apply_one(store, event);
  }
  notes = 0;
  for (const SourceStats& source : store.sources()) notes += source.events == 0 ? 1 : 0;
  CHECK(notes == 256);
  CHECK(store.stats().sources == 1000);
  clock.now_us += options.ttl_us + 1'000'000;
  store.expire();
  CHECK(store.sources().empty());
}

}  // namespace
}  // namespace gasoline::store
