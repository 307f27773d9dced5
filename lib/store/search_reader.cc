#include "store/search_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "store/answer_parts.h"
#include "store/asked_id.h"
#include "store/block_visitor.h"
#include "store/copy_events.h"
#include "store/search_worker.h"

namespace gasoline::store {
namespace {

constexpr size_t kBlocksForHelp = 64;  // fewer are looked through before another thread has begun

CursorKind cursor_kind(const Search& search) {
  return search.ignores_case ? CursorKind::kSearchIgnoringCase : CursorKind::kSearch;
}

Query without_text(const Query& query) {
  Query filters = query;
  filters.text.clear();
  return filters;
}

constexpr size_t kBlocksBeyondPage = 64;  // some of an id's newest blocks are not of the answer

void sort_newest_first(std::vector<Shelf::Span>& spans) {
  std::sort(spans.begin(), spans.end(), [](const Shelf::Span& a, const Shelf::Span& b) {
    return a.timestamp_max_us > b.timestamp_max_us;
  });
}

/// Blocks to look at, that with the newest event first.
std::vector<Shelf::Span> spans_of(const Shelf& shelf, const EventFilter& filter,
                                  const Position& before, const std::vector<IdTerm>* ids) {
  const int64_t end_us = before.timestamp_us == INT64_MAX
                             ? filter.end_us()
                             : std::min(filter.end_us(), before.timestamp_us + 1);
  std::vector<Shelf::Span> spans =
      shelf.blocks_of_span(filter.start_us(), end_us, [&](const SourceIdentity& identity) {
        return filter.admits_some_of(identity);
      });
  if (ids != nullptr) {
    std::vector<uint32_t> of_id = blocks_of_terms(shelf, *ids);
    shelf.add_blocks_of_heads(of_id);
    std::erase_if(spans, [&](const Shelf::Span& span) {
      return !std::binary_search(of_id.begin(), of_id.end(), span.block);
    });
  }
  sort_newest_first(spans);
  return spans;
}

/// Looks for the newest events of an id of many: in the blocks that came to hold it last, and then in
/// those older ones that reach as far. False, with `worker` to be thrown away, if the page may have
/// more in other blocks.
bool is_page_of_newest(SearchTask& task, SearchWorker& worker) {
  const bool is_whole_history = task.before.timestamp_us == INT64_MAX &&
                                task.filter.end_us() == INT64_MAX && !task.counts_all();
  if (task.ids.size() != 1 || !is_whole_history) return false;
  uint64_t begun_at = 0;
  std::vector<uint32_t> known = task.shelf.newest_blocks_of_id(
      task.ids[0].hash, task.limit + kBlocksBeyondPage, begun_at);
  if (begun_at == 0) return false;
  task.shelf.add_blocks_of_heads(known);
  task.spans = task.shelf.spans_of(known);
  sort_newest_first(task.spans);
  worker.run();
  if (worker.newest().size() <= task.limit) return false;
  const int64_t oldest_us = worker.newest().front().position.timestamp_us;
  task.spans = task.shelf.older_blocks_reaching(oldest_us, begun_at);
  std::erase_if(task.spans, [&](const Shelf::Span& span) {
    return std::binary_search(known.begin(), known.end(), span.block);
  });
  sort_newest_first(task.spans);
  task.next = 0;
  worker.run();
  return task.gave_up_at.load() == SIZE_MAX;
}

/// A second thread for a task, if that is worth while and the system has one.
class Help {
 public:
  Help(SearchTask& task, const pattern::TextMatcher& matcher) {
    if (task.spans.size() < kBlocksForHelp || std::thread::hardware_concurrency() < 2) return;
    matcher_ = matcher.make_twin();
    if (!matcher_) return;
    worker_.emplace(task, *matcher_);
    try {
      thread_ = std::thread([this] { worker_->run(); });
    } catch (const std::system_error&) {
      worker_.reset();
    }
  }
  ~Help() { wait(); }
  Help(const Help&) = delete;
  Help& operator=(const Help&) = delete;

  /// Waits for its end; null if there was none.
  const SearchWorker* wait() {
    if (thread_.joinable()) thread_.join();
    return worker_ ? &*worker_ : nullptr;
  }

 private:
  std::optional<pattern::TextMatcher> matcher_;
  std::optional<SearchWorker> worker_;
  std::thread thread_;
};

/// What the worker found goes to the others'.
void take_over(const SearchWorker& worker, std::vector<Place>& places, SearchAnswer& answer) {
  places.insert(places.end(), worker.newest().begin(), worker.newest().end());
  answer.events_searched += worker.searched();
  answer.events_matched += worker.matched();
}

/// Cuts the places, newest first, to a page, with the cursor that goes on behind it.
std::string cut_to_page(const SearchTask& task, std::vector<Place>& places, SearchAnswer& answer) {
  std::sort(places.begin(), places.end(), is_newer);
  std::string cursor;
  const CursorKind kind = cursor_kind(task.search);
  const size_t gave_up_at = task.gave_up_at.load(std::memory_order_relaxed);
  if (gave_up_at < task.spans.size()) {
    // What is as old as the next block is found again from the cursor on.
    const int64_t stop_us = task.spans[gave_up_at].timestamp_max_us;
    answer.is_complete = false;
    answer.from_us = stop_us + (stop_us < INT64_MAX ? 1 : 0);
    std::erase_if(places, [&](const Place& place) {
      return place.position.timestamp_us < answer.from_us;
    });
    cursor = format_cursor({answer.from_us - 1, UINT64_MAX}, task.search.query, kind);
  }
  if (places.size() > task.limit) {
    places.resize(task.limit);
    cursor = format_cursor(places.back().position, task.search.query, kind);
    // A page that is full says nothing of what is older; a count of everything would have to.
    if (!task.counts_all()) answer.is_complete = true;
    if (answer.is_complete) answer.from_us = places.back().position.timestamp_us;
  }
  return cursor;
}

}  // namespace

Result<SearchAnswer> read_search(const Shelf& shelf, const Search& search,
                                 const pattern::TextMatcher& matcher) {
  const Result<std::optional<Position>> cursor = parse_cursor(search.query, cursor_kind(search));
  if (!cursor) return cursor.error();
  SearchAnswer answer;
  answer.page.arena = std::make_unique<Arena>();
  const Query filters = without_text(search.query);
  const EventFilter filter(filters, Position{}, shelf.arrival_limit(), shelf.receive_cutoff_us());
  const bool by_id = !filters.correlation_id.empty();
  std::vector<IdTerm> ids;
  if (by_id) {
    Result<std::vector<IdTerm>> terms = terms_of_asked_id(shelf, filter, filters, answer.page);
    if (!terms) return terms.error();
    ids = std::move(*terms);
  }
  SearchTask task{.shelf = shelf,
                  .search = search,
                  .filter = filter,
                  .ids = ids,
                  .before = cursor->value_or(Position{INT64_MAX, UINT64_MAX}),
                  .limit = std::clamp<uint32_t>(search.query.limit, 1, Query::kLimitMax),
                  .give_up_us = shelf.monotonic_us() + search.time_box_us,
                  .spans = {}};
  std::vector<Place> places;
  SearchWorker newest(task, matcher);
  if (is_page_of_newest(task, newest)) {
    take_over(newest, places, answer);
  } else if (answer.page.candidates.empty() && (!by_id || !ids.empty())) {
    task.next = 0;
    task.gave_up_at = SIZE_MAX;
    task.wanted_from_us = INT64_MIN;
    task.spans = spans_of(shelf, filter, task.before, by_id ? &ids : nullptr);
    Help help(task, matcher);
    SearchWorker worker(task, matcher);
    worker.run();
    take_over(worker, places, answer);
    if (const SearchWorker* other = help.wait()) take_over(*other, places, answer);
  }
  answer.page.next_cursor = cut_to_page(task, places, answer);
  copy_events(shelf, places, answer.page);
  describe_sources(answer.page);
  describe_completeness(shelf.ring_notes(), filter, false, answer.page);
  return answer;
}

}  // namespace gasoline::store
