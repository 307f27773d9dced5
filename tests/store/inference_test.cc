#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.h"
#include "store/event_maker.h"
#include "store/event_marks.h"

namespace gasoline::store {
namespace {

constexpr uint64_t kSeeds = 3;
constexpr int kRequests = 200;

/// Traffic of a few services whose truth is known: which request every line belongs to.
class Traffic {
 public:
  enum class Style { kThreads, kProcess, kAccessLog };

  Traffic(Style style, uint64_t seed) : style_(style), random_(seed) {}

  /// `requests` requests, one starting every `gap_us` on average, over three services; a share of
  /// the lines has lost its id.
  void make(int requests, int64_t gap_us, double share_without_id) {
    std::vector<int64_t> busy_until(kThreads * 3, 0);
    int64_t start_us = 0;
    for (int r = 0; r < requests; ++r) {
      start_us += between(1, 2 * gap_us);
      int64_t us = start_us;
      for (int service = 0; service < 3; ++service) {
        us = speak(r, service, us, busy_until, share_without_id);
      }
    }
    std::stable_sort(lines_.begin(), lines_.end(),
                     [](const Line& a, const Line& b) { return a.event.at_us < b.event.at_us; });
  }

  void fill(Store& store) {
    for (size_t i = 0; i < lines_.size(); ++i) {
      lines_[i].event.event_id = std::to_string(i);
      apply_one(store, lines_[i].event);
    }
  }

  int request_of(std::string_view event_id) const {
    return lines_[static_cast<size_t>(std::stoi(std::string(event_id)))].request;
  }
  size_t lines_without_id() const {
    return static_cast<size_t>(std::count_if(lines_.begin(), lines_.end(), [](const Line& line) {
      return line.event.correlation_id.empty();
    }));
  }

 private:
  struct Line {
    OwnedEvent event;
    int request;
  };
  static constexpr int kThreads = 8;

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_.next_u64() % static_cast<uint64_t>(high - low));
  }

  /// What one service logs of one request; returns when it is done.
  int64_t speak(int request, int service, int64_t us, std::vector<int64_t>& busy_until,
                double share_without_id) {
    // A thread works on one request at a time: the first that is free takes it.
    const auto first = busy_until.begin() + service * kThreads;
    const auto thread = std::min_element(first, first + kThreads);
    us = std::max(us, *thread);
    const std::string path = "/orders/" + std::to_string(request % 50);
    const int steps = static_cast<int>(between(3, 8));
    for (int step = 0; step < steps; ++step) {
      us += between(200, 6'000);
      Line line;
      line.request = request;
      line.event.at_us = us;
      line.event.received_at_us = us;
      line.event.service = "service-" + std::to_string(service);
      line.event.correlation_id = long_id(static_cast<uint64_t>(request) + 1);
      line.event.message = "step " + std::to_string(step);
      if (style_ == Style::kThreads) {
        line.event.metadata = "\"pid\":7,\"thread\":\"worker-" +
                              std::to_string(thread - busy_until.begin()) + "\"";
      } else if (style_ == Style::kProcess) {
        line.event.metadata = "\"pid\":7";
      } else if (step == 0 || step == steps - 1) {
        line.event.message = step == 0 ? "GET " + path + " begins" : "done: GET " + path + " 200";
      }
      const bool may_lose_id = style_ != Style::kAccessLog || step == steps - 1;
      const double share = static_cast<double>(random_.next_u64() >> 11) * 0x1p-53;
      if (may_lose_id && share < share_without_id) line.event.correlation_id.clear();
      lines_.push_back(line);
    }
    *thread = us;
    return us;
  }

  const Style style_;
  SeededRandom random_;
  std::vector<Line> lines_;
};

struct Score {
  size_t inferred = 0;
  size_t right = 0;
  size_t refused = 0;

  double precision() const {
    return inferred == 0 ? 0 : static_cast<double>(right) / static_cast<double>(inferred);
  }
};

Score score(Traffic& traffic, int requests) {
  ManualClock clock;
  Store store(Options{}, clock);
  traffic.fill(store);
  Score score;
  for (int r = 0; r < requests; ++r) {
    Query query;
    query.correlation_id = long_id(static_cast<uint64_t>(r) + 1);
    query.include_inferred = true;
    const Result<Answer> answer = store.timeline(query);
    REQUIRE(answer.has_value());
    score.refused += answer->inference->refused;
    if (answer->extras.empty()) continue;
    REQUIRE(answer->extras.size() == answer->events.size());
    for (size_t i = 0; i < answer->events.size(); ++i) {
      const Answer::Extra& extra = answer->extras[i];
      if (extra.confidence == 0) continue;
      REQUIRE_FALSE(extra.reason.empty());
      REQUIRE(answer->events[i].correlation_id.empty());
      ++score.inferred;
      if (traffic.request_of(answer->events[i].event_id) == r) ++score.right;
    }
  }
  return score;
}

TEST_CASE("events inferred by their thread belong to the request in 95 of 100 cases and more") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Traffic traffic(Traffic::Style::kThreads, seed);
    traffic.make(kRequests, 3'000, 0.4);
    const Score result = score(traffic, kRequests);
    CAPTURE(seed, result.inferred, result.right, result.refused, traffic.lines_without_id());
    CHECK(result.precision() >= 0.95);
    CHECK(result.inferred >= traffic.lines_without_id() / 4);
  }
}

TEST_CASE("a process that serves many at once is believed only where there is one") {
  for (const int64_t gap_us : {5'000, 50'000, 400'000}) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      Traffic traffic(Traffic::Style::kProcess, seed);
      traffic.make(kRequests / 2, gap_us, 0.4);
      const Score result = score(traffic, kRequests / 2);
      CAPTURE(gap_us, seed, result.inferred, result.right, result.refused,
              traffic.lines_without_id());
      if (gap_us == 5'000) {
        CHECK(result.inferred <= traffic.lines_without_id() / 50);
        CHECK(result.refused > 50);
      }
      if (gap_us == 400'000) CHECK(result.inferred >= traffic.lines_without_id() / 8);
      if (result.inferred >= 20) CHECK(result.precision() >= 0.95);
    }
  }
}

TEST_CASE("a method and path are believed only where one request has them") {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Traffic traffic(Traffic::Style::kAccessLog, seed);
    traffic.make(kRequests, 20'000, 0.8);
    const Score result = score(traffic, kRequests);
    CAPTURE(seed, result.inferred, result.right, result.refused, traffic.lines_without_id());
    CHECK(result.precision() >= 0.95);
    CHECK(result.inferred >= traffic.lines_without_id() / 4);
  }
}

OwnedEvent said(const std::string& message, int64_t at_us, const std::string& id,
                const std::string& metadata = "") {
  static int number = 0;
  OwnedEvent event;
  event.event_id = "x" + std::to_string(++number);
  event.message = message;
  event.at_us = at_us;
  event.correlation_id = id;
  event.metadata = metadata;
  return event;
}

Answer asked(const Store& store, const std::string& id, bool inferred = true) {
  Query query;
  query.correlation_id = id;
  query.include_inferred = inferred;
  Result<Answer> answer = store.timeline(query);
  REQUIRE(answer.has_value());
  return std::move(*answer);
}

TEST_CASE("two concurrent requests that fit equally are refused, and so it is said") {
  ManualClock clock;
  Store store(Options{}, clock);
  const std::string process = "\"pid\":7";
  apply_one(store, said("a begins", 0, long_id(1), process));
  apply_one(store, said("b begins", 1'000, long_id(2), process));
  apply_one(store, said("whose is this?", 2'000, "", process));
  apply_one(store, said("b ends", 3'000, long_id(2), process));
  apply_one(store, said("a ends", 4'000, long_id(1), process));
  const Answer answer = asked(store, long_id(1));
  CHECK(messages(answer) == std::vector<std::string>{"a begins", "a ends"});
  REQUIRE(answer.inference);
  CHECK(answer.inference->considered == 1);
  CHECK(answer.inference->refused == 1);
}

TEST_CASE("nothing is inferred unless it is asked for, and filters hold for what is") {
  ManualClock clock;
  Store store(Options{}, clock);
  apply_one(store, said("begins", 0, long_id(1), "\"thread\":\"t1\""));
  apply_one(store, said("loading", 2'000, "", "\"thread\":\"t1\""));
  apply_one(store, said("elsewhere", 2'000, "", "\"thread\":\"t2\""));
  apply_one(store, said("ends", 4'000, long_id(1), "\"thread\":\"t1\""));
  apply_one(store, said("later", 5'000, "", "\"thread\":\"t1\""));
  CHECK(messages(asked(store, long_id(1), false)) == std::vector<std::string>{"begins", "ends"});
  CHECK_FALSE(asked(store, long_id(1), false).inference);
  const Answer answer = asked(store, long_id(1));
  CHECK(messages(answer) == std::vector<std::string>{"begins", "loading", "ends"});
  CHECK(answer.extras[0].confidence == 0);
  CHECK(answer.extras[1].confidence == Approx(0.95));
  CHECK(answer.extras[1].reason == "same thread t1, while it worked on this request only");
  Query narrow;
  narrow.correlation_id = long_id(1);
  narrow.include_inferred = true;
  narrow.text = "loading";
  const Result<Answer> filtered = store.timeline(narrow);
  REQUIRE(filtered.has_value());
  CHECK(messages(*filtered) == std::vector<std::string>{"loading"});
  narrow.text = "ends";
  CHECK(messages(*store.timeline(narrow)) == std::vector<std::string>{"ends"});
}

TEST_CASE("inferred members come in pages with the others") {
  ManualClock clock;
  Store store(Options{}, clock);
  for (int i = 0; i < 20; ++i) {
    apply_one(store, said(std::to_string(i), i * 100, i % 2 == 0 || i == 19 ? long_id(1) : "",
                          "\"thread\":\"t\""));
  }
  Query query;
  query.correlation_id = long_id(1);
  query.include_inferred = true;
  query.limit = 3;
  int next = 0;
  do {
    const Result<Answer> answer = store.timeline(query);
    REQUIRE(answer.has_value());
    for (size_t i = 0; i < answer->events.size(); ++i) {
      CHECK(answer->events[i].message == std::to_string(next));
      const bool is_inferred = !answer->extras.empty() && answer->extras[i].confidence > 0;
      CHECK(is_inferred == (next % 2 == 1 && next != 19));
      ++next;
    }
    query.cursor = answer->next_cursor;
  } while (!query.cursor.empty());
  CHECK(next == 20);
}

TEST_CASE("method and path are found in metadata and in messages") {
  OwnedEvent event;
  const auto found = [&](const std::string& message, const std::string& metadata) {
    event.message = message;
    event.metadata = metadata;
    return find_method_and_path(event.view());
  };
  CHECK(found("x", R"("method":"GET","path":"/a/1")") == "GET /a/1");
  CHECK(found("x", R"("method":"POST","url":"/a?b=1")") == "POST /a");
  CHECK(found("\"GET /cart?x=1 HTTP/1.1\" 200", "") == "GET /cart");
  CHECK(found("FORGET /x and WIDGET /y", "").empty());
  CHECK(found("GET it /now", "").empty());
  CHECK(template_hash("took 12 ms for a1b2") == template_hash("took 7 ms for ffff0"));
  CHECK(template_hash("took 12 ms") != template_hash("lost 12 ms"));
}

}  // namespace
}  // namespace gasoline::store
