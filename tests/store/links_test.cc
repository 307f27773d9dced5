#include <algorithm>
#include <catch2/catch.hpp>

#include "store/correlation_scope.h"
#include "store/event_maker.h"

namespace gasoline::store {
namespace {

using Strings = std::vector<std::string>;

constexpr int64_t kMinuteUs = 60'000'000;

struct Fixture {
  ManualClock clock;
  Store store{Options{}, clock};

  void add(int64_t at_us, const std::string& message, const std::string& id,
           const std::string& request_id = {}, const std::string& service = "auth",
           const std::string& run = "RUN") {
    OwnedEvent event;
    event.at_us = at_us;
    event.message = message;
    event.correlation_id = id;
    event.request_id = request_id;
    event.service = service;
    event.run_id = run;
    apply_one(store, event);
  }
  Answer ask(const std::string& id) {
    Query query;
    query.correlation_id = id;
    Result<Answer> answer = store.timeline(query);
    REQUIRE(answer.has_value());
    return std::move(*answer);
  }
};

const std::string kTrace = long_id(0x1111);
const std::string kRequest = long_id(0x2222);
const std::string kOther = long_id(0x3333);

TEST_CASE("an event with two ids links them: asking for either gives both") {
  Fixture f;
  f.add(1, "only trace", kTrace);
  f.add(2, "both", kTrace, kRequest);
  f.add(3, "only request", kRequest);
  for (const std::string& id : {kTrace, kRequest}) {
    const Answer answer = f.ask(id);
    CHECK(messages(answer) == Strings{"only trace", "both", "only request"});
    REQUIRE(answer.ids.size() == 2);
    CHECK(answer.ids[0] == id);
  }
}

TEST_CASE("links reach one hop, not two") {
  Fixture f;
  f.add(1, "a-b", kTrace, kRequest);
  f.add(2, "b-c", kRequest, kOther);
  f.add(3, "c", kOther);
  CHECK(messages(f.ask(kTrace)) == Strings{"a-b", "b-c"});
  CHECK(messages(f.ask(kRequest)) == Strings{"a-b", "b-c", "c"});
}

TEST_CASE("a linked id's events count only within an hour of an event of the id asked for") {
  Fixture f;
  f.add(0, "both", kTrace, kRequest);
  f.add(59 * kMinuteUs, "near", kRequest);
  f.add(61 * kMinuteUs, "far", kRequest);
  CHECK(messages(f.ask(kTrace)) == Strings{"both", "near"});
  f.add(30 * kMinuteUs, "later trace", kTrace);
  CHECK(messages(f.ask(kTrace)) == Strings{"both", "later trace", "near", "far"});
  CHECK(messages(f.ask(kRequest)).size() == 4);
}

TEST_CASE("an id with more than 64 neighbours is a hub and links nothing") {
  Fixture f;
  const std::string session = long_id(0x5e55);
  for (uint64_t i = 0; i < 64; ++i) {
    f.add(static_cast<int64_t>(i), "request", session, long_id(0x10000 + i));
  }
  f.add(100, "alone", long_id(0x10000));
  CHECK(f.ask(session).ids.size() == 65);
  CHECK(f.ask(session).events.size() == 65);
  CHECK(f.ask(long_id(0x10000)).events.size() == 65);
  f.add(101, "one too many", session, long_id(0x20000));
  CHECK(f.ask(session).ids == Strings{session});
  CHECK(f.ask(session).events.size() == 65);
  CHECK(messages(f.ask(long_id(0x10000))) == Strings{"request", "alone"});
}

TEST_CASE("filters do not cut links") {
  Fixture f;
  f.add(1, "the link", kTrace, kRequest, "gateway");
  f.add(2, "behind it", kRequest, {}, "auth");
  Query query;
  query.correlation_id = kTrace;
  query.services = {"auth"};
  const Result<Answer> answer = f.store.timeline(query);
  REQUIRE(answer.has_value());
  CHECK(messages(*answer) == Strings{"behind it"});
}

TEST_CASE("ids of little variety are told from the others") {
  for (const char* id : {"req-1", "42", "req-8f3a", "checkout", "00000000000000000000000000000001",
                         "order-123456", "my-test-request-1"}) {
    INFO(id);
    CHECK(is_of_little_variety(id));
  }
  for (const char* id :
       {"4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01jd3m5vq8hw2r6t9xk4n7p0zc",
        "v1stgxr8-z5jdhi6b-myt", "1-5759e988-bd862e3fe1be46a994272793", "1763700000123456789",
        "0hmvb9bq8qf8m:00000001"}) {
    INFO(id);
    CHECK_FALSE(is_of_little_variety(id));
  }
}

TEST_CASE("an id of little variety that was used once is answered, used twice is to be chosen") {
  Fixture f;
  f.add(0, "auth one", "req-1");
  f.add(kMinuteUs, "auth two", "req-1");
  CHECK(messages(f.ask("req-1")) == Strings{"auth one", "auth two"});
  f.add(10, "web one", "REQ-1", {}, "web");
  f.add(25 * kMinuteUs, "auth later", "req-1");
  const Answer answer = f.ask("req-1");
  CHECK(answer.events.empty());
  REQUIRE(answer.candidates.size() == 3);
  Strings found;
  for (const std::string& candidate : answer.candidates) {
    INFO(candidate);
    CHECK(candidate.starts_with("req-1@"));
    for (const std::string& message : messages(f.ask(candidate))) found.push_back(message);
  }
  std::sort(found.begin(), found.end());
  CHECK(found == Strings{"auth later", "auth one", "auth two", "web one"});
}

TEST_CASE("a scoped id finds its service even if that has '@' and '/' in its name") {
  Fixture f;
  f.add(0, "here", "req-1", {}, "@acme/web");
  f.add(0, "there", "req-1", {}, "auth");
  const Answer answer = f.ask("req-1");
  REQUIRE(answer.candidates.size() == 2);
  size_t found = 0;
  for (const std::string& candidate : answer.candidates) {
    if (candidate.find("@@acme/web/") == std::string::npos) continue;
    CHECK(messages(f.ask(candidate)) == Strings{"here"});
    ++found;
  }
  CHECK(found == 1);
}

TEST_CASE("a link to an id of little variety stays within the service, run and time of the link") {
  Fixture f;
  f.add(0, "link", kTrace, "req-1");
  f.add(5, "same request", {}, "req-1");
  f.add(5, "same id elsewhere", {}, "req-1", "web");
  f.add(40 * kMinuteUs, "same id later", {}, "req-1");
  CHECK(messages(f.ask(kTrace)) == Strings{"link", "same request"});
}

}  // namespace
}  // namespace gasoline::store
