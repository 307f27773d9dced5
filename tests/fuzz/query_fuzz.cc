// The parameters of timelines and searches, asked of a store that has some events: refused with a
// reason or answered, and the pages of an answer are together what one large page is.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "base/clock.h"
#include "daemon/answer_json.h"
#include "daemon/query_parameters.h"
#include "event/json_text.h"
#include "http/target.h"
#include "pattern/text_matcher.h"
#include "store/store.h"

namespace {

using namespace gasoline;

constexpr int64_t kNowUs = 1'795'228'628'000'000;
constexpr size_t kEvents = 24;

class FixedClock final : public Clock {
 public:
  int64_t wall_us() const override { return kNowUs; }
  int64_t monotonic_us() const override { return kNowUs; }
};

/// Requests over two services and two runs: long ids, short ones, and events without any.
void fill(store::Store& to) {
  static constexpr std::string_view kIds[] = {"0af7651916cd43dd8448eb211c80319c", "req-1", ""};
  for (size_t i = 0; i < kEvents; ++i) {
    const std::string message = "line " + std::to_string(i) + " of checkout\nmore: \xc3\xa9";
    const std::string event_id = "e" + std::to_string(i);
    event::Event event;
    event.event_id = event_id;
    event.timestamp_us = kNowUs - 1'000'000 + static_cast<int64_t>(i / 2) * 400;
    event.receive_time_us = kNowUs;
    event.level = static_cast<event::Level>(i % 5);
    event.source = i % 2 == 0 ? event::SourceKind::kStdout : event::SourceKind::kFile;
    event.service = i % 4 < 2 ? "auth" : "shop@eu/west";
    event.message = message;
    event.correlation_id = kIds[i % 3];
    if (i % 6 == 0) event.request_id = "req-1";
    event.run_id = i % 2 == 0 ? "01JD3Y5C6M7N8P9QRSTVWXYZ01" : "";
    event.seq = event.run_id.empty() ? 0 : i + 1;
    to.apply({&event, 1});
  }
}

const store::Store& filled_store() {
  static const FixedClock clock;
  static store::Store made({}, clock);
  static const bool is_filled = (fill(made), true);
  static_cast<void>(is_filled);
  return made;
}

std::vector<uint64_t> all_pages(store::Query query, uint32_t limit) {
  std::vector<uint64_t> arrivals;
  query.limit = limit;
  for (size_t pages = 0; pages <= kEvents + 1; ++pages) {
    const auto answer = filled_store().timeline(query);
    GASOLINE_ASSERT(answer.has_value());
    GASOLINE_ASSERT(answer->events.size() <= limit);
    arrivals.insert(arrivals.end(), answer->arrivals.begin(), answer->arrivals.end());
    if (answer->next_cursor.empty()) return arrivals;
    query.cursor = answer->next_cursor;
  }
  GASOLINE_ASSERT(false);
  return arrivals;
}

void ask_timeline(const store::Query& query) {
  const auto answer = filled_store().timeline(query);
  if (!answer) {
    GASOLINE_ASSERT(!answer.error().to_string().empty());
    return;
  }
  GASOLINE_ASSERT(event::is_valid_utf8(daemon::timeline_json(*answer, "[]")));
  GASOLINE_ASSERT(all_pages(query, 3) == all_pages(query, store::Query::kLimitMax));
}

void ask_search(const store::Search& search) {
  const auto matcher = pattern::TextMatcher::compile(search.query.text, search.ignores_case);
  if (!matcher) return;
  const auto answer = filled_store().search(search, *matcher);
  if (!answer) return;
  GASOLINE_ASSERT(answer->events_matched <= answer->events_searched);
  GASOLINE_ASSERT(event::is_valid_utf8(daemon::search_json(*answer)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto target = http::parse_target(text);
  if (!target) return 0;
  http::Request request;
  request.path = target->path;
  request.query = target->query;
  static_cast<void>(daemon::read_max_tokens(request).has_value());
  static_cast<void>(daemon::read_correct_skew(request).has_value());
  if (request.path == "/v1/search") {
    if (const auto search = daemon::read_search(request)) ask_search(*search);
  } else if (const auto query = daemon::read_timeline_query(request)) {
    ask_timeline(*query);
  }
  return 0;
}
