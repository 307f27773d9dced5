#include <catch2/catch.hpp>

#include "store/event_maker.h"

namespace gasoline::store {
namespace {

using Strings = std::vector<std::string>;

/// A store and shorthand for asking it.
struct Fixture {
  ManualClock clock;
  Store store{Options{}, clock};

  void add(const OwnedEvent& event) { apply_one(store, event); }
  Answer ask(const Query& query) {
    Result<Answer> answer = store.timeline(query);
    REQUIRE(answer.has_value());
    return std::move(*answer);
  }
  Answer ask_id(const std::string& id) {
    Query query;
    query.correlation_id = id;
    return ask(query);
  }
};

OwnedEvent line(int64_t at_us, const std::string& message, const std::string& id = {}) {
  OwnedEvent event;
  event.at_us = at_us;
  event.message = message;
  event.correlation_id = id;
  return event;
}

TEST_CASE("an id's events of all sources come by time, ties by arrival") {
  Fixture f;
  OwnedEvent late = line(30, "late", long_id(1));
  OwnedEvent first = line(10, "first", long_id(1));
  first.service = "web";
  OwnedEvent tie = line(30, "tie", long_id(1));
  tie.kind = event::SourceKind::kStderr;
  f.add(late);
  f.add(first);
  f.add(line(20, "another request", long_id(2)));
  f.add(tie);
  const Answer answer = f.ask_id(long_id(1));
  CHECK(messages(answer) == Strings{"first", "late", "tie"});
  CHECK(answer.ids == Strings{long_id(1)});
  CHECK(answer.next_cursor.empty());
  REQUIRE(answer.sources.size() == 3);
  CHECK(answer.sources[0].source == "stdout:web");
  CHECK(answer.sources[0].service == "web");
  CHECK(answer.sources[0].events == 1);
}

TEST_CASE("an event comes back with every field that went in") {
  Fixture f;
  OwnedEvent in = line(1234, "payment declined", long_id(9));
  in.event_id = "01JD0000000000000000000001";
  in.received_at_us = 5000;
  in.level = event::Level::kError;
  in.trace_id = long_id(10);
  in.request_id = "r-77";
  in.metadata = "\"user\":{\"id\":7}";
  in.run_id = "run-1";
  in.seq = 42;
  in.tags = {"service:auth", "env:dev"};
  f.add(in);
  OwnedEvent other_tags = in;
  other_tags.event_id.clear();
  other_tags.tags = {"env:prod"};
  f.add(other_tags);
  const Answer answer = f.ask_id(long_id(9));
  REQUIRE(answer.events.size() == 2);
  const event::Event& out = answer.events[0];
  CHECK(out.event_id == in.event_id);
  CHECK(out.timestamp_us == ManualClock::kStartUs + 1234);
  CHECK(out.receive_time_us == ManualClock::kStartUs + 5000);
  CHECK(out.level == event::Level::kError);
  CHECK(out.source == event::SourceKind::kStdout);
  CHECK(out.service == "auth");
  CHECK(out.trace_id == in.trace_id);
  CHECK(out.request_id == "r-77");
  CHECK(out.metadata == in.metadata);
  CHECK(out.run_id == "run-1");
  CHECK(out.seq == 42);
  REQUIRE(out.tags.size() == 2);
  CHECK(out.tags[1] == "env:dev");
  REQUIRE(answer.events[1].tags.size() == 1);
  CHECK(answer.events[1].tags[0] == "env:prod");
}

TEST_CASE("ids are compared without case, dashes of a UUID and urn:uuid:") {
  Fixture f;
  f.add(line(1, "dashed", "550E8400-E29B-41D4-A716-446655440000"));
  f.add(line(2, "plain", "550e8400e29b41d4a716446655440000"));
  CHECK(messages(f.ask_id("urn:uuid:550e8400-e29b-41d4-a716-446655440000")) ==
        Strings{"dashed", "plain"});
}

TEST_CASE("filters choose by source, kind, service, run, project, level, time and text") {
  Fixture f;
  OwnedEvent a = line(10, "Alpha STARTED");
  a.run_id = "run-1";
  a.tags = {"project:shop"};
  OwnedEvent b = line(20, "beta failed");
  b.service = "web";
  b.level = event::Level::kError;
  OwnedEvent c = line(30, "gamma");
  c.kind = event::SourceKind::kStderr;
  c.level = event::Level::kWarn;
  for (const OwnedEvent& each : {a, b, c}) f.add(each);
  const auto asked = [&](auto set) {
    Query query;
    set(query);
    return messages(f.ask(query));
  };
  CHECK(asked([](Query&) {}) == Strings{"Alpha STARTED", "beta failed", "gamma"});
  CHECK(asked([](Query& q) { q.sources = {"stdout:web"}; }) == Strings{"beta failed"});
  CHECK(asked([](Query& q) { q.sources = {"stderr"}; }) == Strings{"gamma"});
  CHECK(asked([](Query& q) { q.services = {"auth"}; }) == Strings{"Alpha STARTED", "gamma"});
  CHECK(asked([](Query& q) { q.run_id = "run-1"; }) == Strings{"Alpha STARTED"});
  CHECK(asked([](Query& q) { q.project = "shop"; }) == Strings{"Alpha STARTED"});
  CHECK(asked([](Query& q) { q.level_min = event::Level::kWarn; }) ==
        Strings{"beta failed", "gamma"});
  CHECK(asked([](Query& q) { q.start_us = ManualClock::kStartUs + 20; }) ==
        Strings{"beta failed", "gamma"});
  CHECK(asked([](Query& q) { q.end_us = ManualClock::kStartUs + 20; }) == Strings{"Alpha STARTED"});
  CHECK(asked([](Query& q) { q.text = "Started"; }) == Strings{"Alpha STARTED"});
  CHECK(asked([](Query& q) { q.text = "nowhere"; }).empty());
}

TEST_CASE("pages follow each other without overlap until the cursor is empty") {
  Fixture f;
  Strings expected;
  for (int i = 0; i < 25; ++i) {
    expected.push_back("line " + std::to_string(i));
    f.add(line(i / 5, expected.back(), long_id(3)));
  }
  Query query;
  query.limit = 4;
  for (const std::string& id : {std::string(), long_id(3)}) {
    query.correlation_id = id;
    query.cursor.clear();
    Strings seen;
    do {
      const Answer page = f.ask(query);
      CHECK(page.events.size() <= 4);
      for (const std::string& message : messages(page)) seen.push_back(message);
      query.cursor = page.next_cursor;
    } while (!query.cursor.empty());
    CHECK(seen == expected);
  }
}

TEST_CASE("a cursor that is damaged or of another query is refused") {
  Fixture f;
  for (int i = 0; i < 3; ++i) f.add(line(i, "x"));
  Query query;
  query.limit = 1;
  const std::string cursor = f.ask(query).next_cursor;
  REQUIRE_FALSE(cursor.empty());
  for (const std::string& bad :
       {std::string("x"), cursor + "0", cursor.substr(1), "1.." + cursor, std::string("1.1.1.")}) {
    query.cursor = bad;
    const Result<Answer> answer = f.store.timeline(query);
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().code == Error::kInvalid);
  }
  query.cursor = cursor;
  CHECK(f.store.timeline(query).has_value());
  query.text = "y";
  CHECK_FALSE(f.store.timeline(query).has_value());
}

TEST_CASE("what cannot be an id is refused, an unknown id is an empty answer") {
  Fixture f;
  Query query;
  query.correlation_id = "two words";
  CHECK_FALSE(f.store.timeline(query).has_value());
  CHECK(f.ask_id(long_id(5)).events.empty());
}

TEST_CASE("an event id is stored once") {
  Fixture f;
  OwnedEvent event = line(1, "once");
  event.event_id = "producer-7";
  CHECK_FALSE(f.store.contains("producer-7"));
  f.add(event);
  f.add(event);
  CHECK(f.store.contains("producer-7"));
  CHECK(messages(f.ask({})) == Strings{"once"});
  CHECK(f.store.stats().deduplicated == 1);
}

TEST_CASE("a partial line vanishes when its completed line comes") {
  Fixture f;
  OwnedEvent partial = line(10, "Compil", long_id(4));
  partial.run_id = "run-1";
  partial.seq = 1;
  partial.metadata = "\"partial\":true";
  f.add(partial);
  CHECK(messages(f.ask({})) == Strings{"Compil"});
  OwnedEvent other_stream = partial;
  other_stream.kind = event::SourceKind::kStderr;
  other_stream.message = "other";
  f.add(other_stream);
  OwnedEvent completed = partial;
  completed.seq = 2;
  completed.message = "Compiling done";
  completed.metadata = "\"replaces\":1";
  f.add(completed);
  CHECK(messages(f.ask({})) == Strings{"other", "Compiling done"});
  CHECK(messages(f.ask_id(long_id(4))) == Strings{"other", "Compiling done"});
  CHECK(f.store.stats().replaced == 1);
  CHECK(f.store.stats().events == 2);
}

TEST_CASE("a partial line vanishes though its whole line tells of another service") {
  Fixture f;
  OwnedEvent partial = line(10, "api  | st");
  partial.run_id = "run-1";
  partial.seq = 1;
  partial.metadata = "\"partial\":true";
  f.add(partial);
  OwnedEvent completed = partial;
  completed.service = "api";
  completed.seq = 2;
  completed.message = "started";
  completed.metadata = "\"replaces\":1";
  f.add(completed);
  CHECK(messages(f.ask({})) == Strings{"started"});
}

TEST_CASE("gaps of an answer's sources are told, those of others and of other times are not") {
  Fixture f;
  const auto gap = [&](int64_t from_us, const std::string& service) {
    OwnedEvent event = line(from_us, "lines lost");
    event.service = service;
    event.run_id = "run-1";
    event.metadata = "\"gap\":{\"lines\":12,\"bytes\":3400,\"from\":" +
                     std::to_string((ManualClock::kStartUs + from_us) / 1000) +
                     ".000,\"to\":" + std::to_string((ManualClock::kStartUs + from_us) / 1000 + 5) +
                     ".500,\"reason\":\"disk full\"}";
    f.add(event);
  };
  OwnedEvent first = line(1'000'000, "first", long_id(6));
  first.run_id = "run-1";
  OwnedEvent last = first;
  last.at_us = 3'000'000;
  f.add(first);
  f.add(last);
  gap(2'000'000, "auth");
  gap(2'000'000, "web");
  gap(9'000'000, "auth");
  const Answer answer = f.ask_id(long_id(6));
  REQUIRE(answer.gaps.size() == 1);
  CHECK(answer.gaps[0].source == "stdout:auth");
  CHECK(answer.gaps[0].run_id == "run-1");
  CHECK(answer.gaps[0].lines == 12);
  CHECK(answer.gaps[0].bytes == 3400);
  CHECK(answer.gaps[0].from_us == ManualClock::kStartUs + 2'000'000);
  CHECK(answer.gaps[0].to_us == ManualClock::kStartUs + 2'005'500);
  CHECK(answer.gaps[0].reason == "disk full");
  CHECK(f.ask({}).gaps.size() == 3);
}

}  // namespace
}  // namespace gasoline::store
