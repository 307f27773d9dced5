#include "store/search_reader.h"

#include <algorithm>
#include <optional>

#include "store/answer_parts.h"
#include "store/asked_id.h"
#include "store/block_visitor.h"
#include "store/copy_events.h"
#include "store/event_filter.h"
#include "store/joined_events.h"
#include "store/message_scan.h"
#include "store/page.h"

namespace gasoline::store {
namespace {

Query without_text(const Query& query) {
  Query filters = query;
  filters.text.clear();
  return filters;
}

class SearchReader {
 public:
  SearchReader(const Shelf& shelf, const Search& search, const pattern::TextMatcher& matcher,
               const Position& before)
      : shelf_(shelf),
        search_(search),
        filters_(without_text(search.query)),
        filter_(filters_, Position{}, shelf.arrival_limit(), shelf.receive_cutoff_us()),
        before_(before),
        limit_(std::clamp<uint32_t>(search.query.limit, 1, Query::kLimitMax)),
        give_up_us_(shelf.monotonic_us() + search.time_box_us),
        matcher_(matcher),
        scan_(matcher) {}

  Result<SearchAnswer> read();

 private:
  std::vector<Shelf::Span> spans();
  void look_through(const std::vector<Shelf::Span>& spans);
  bool may_stop_before(int64_t timestamp_max_us);
  bool can_skip(uint32_t block_index);
  bool holds_match(const Shelf::PackedPin& packed);
  void look_into(uint32_t block_index, const Shelf::Pinned& pinned);
  bool admits(uint32_t block_index, const Block& block, uint32_t i, bool aging);
  void keep(uint32_t block_index, const Block& block, uint32_t i);
  void finish_page();

  const Shelf& shelf_;
  const Search& search_;
  const Query filters_;
  const EventFilter filter_;
  const Position before_;
  const size_t limit_;
  const int64_t give_up_us_;
  const pattern::TextMatcher& matcher_;
  MessageScan scan_;
  bool by_id_ = false;
  std::vector<IdTerm> terms_;
  std::vector<uint32_t> entries_;
  std::vector<Place> newest_;  // a heap, the oldest on top, of at most limit_ + 1
  Arena scratch_;
  SearchAnswer answer_;
};

bool newer(const Place& a, const Place& b) {
  return b.position < a.position;
}

Result<SearchAnswer> SearchReader::read() {
  answer_.page.arena = std::make_unique<Arena>();
  by_id_ = !filters_.correlation_id.empty();
  if (by_id_) {
    Result<std::vector<IdTerm>> terms =
        terms_of_asked_id(shelf_, filter_, filters_, answer_.page);
    if (!terms) return terms.error();
    terms_ = std::move(*terms);
  }
  if (answer_.page.candidates.empty()) look_through(spans());
  finish_page();
  return std::move(answer_);
}

/// Blocks to look at, the one with the newest event first.
std::vector<Shelf::Span> SearchReader::spans() {
  const int64_t end_us = before_.timestamp_us == INT64_MAX
                             ? filter_.end_us()
                             : std::min(filter_.end_us(), before_.timestamp_us + 1);
  std::vector<Shelf::Span> spans =
      shelf_.blocks_of_span(filter_.start_us(), end_us, [&](const SourceIdentity& identity) {
        return filter_.admits(identity);
      });
  if (by_id_) {
    const std::vector<uint32_t> of_id = blocks_of_terms(shelf_, terms_);
    std::erase_if(spans, [&](const Shelf::Span& span) {
      return !std::binary_search(of_id.begin(), of_id.end(), span.block);
    });
  }
  std::sort(spans.begin(), spans.end(), [](const Shelf::Span& a, const Shelf::Span& b) {
    return a.timestamp_max_us > b.timestamp_max_us;
  });
  return spans;
}

void SearchReader::look_through(const std::vector<Shelf::Span>& spans) {
  std::vector<uint32_t> blocks;
  blocks.reserve(spans.size());
  for (const Shelf::Span& span : spans) blocks.push_back(span.block);
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (may_stop_before(spans[i].timestamp_max_us)) return;
    if (can_skip(blocks[i])) continue;
    const PinnedBlocks pinned(shelf_, std::span(blocks).subspan(i, 1));
    if (pinned[0].block != nullptr) look_into(blocks[i], pinned[0]);
  }
}

/// Looks through all messages of a packed block at once, as they were packed, and counts its events
/// as searched if nothing matches. False if it may hold events of the answer.
bool SearchReader::can_skip(uint32_t block_index) {
  const bool has_level = filters_.level_min.value_or(event::Level::kDebug) != event::Level::kDebug;
  if (by_id_ || has_level || !matcher_.can_find_in_lines()) return false;
  const std::optional<Shelf::PackedPin> packed = shelf_.pin_packed(block_index);
  if (!packed) return false;
  // Then the filters admit all of it, and all of its events can be counted.
  const bool is_wholly_asked_for =
      packed->timestamp_min_us >= filter_.start_us() &&
      packed->timestamp_max_us < filter_.end_us() &&
      Position{packed->timestamp_max_us, UINT64_MAX} < before_ && filter_.admits(*packed->identity);
  const bool skips = is_wholly_asked_for && !holds_match(*packed);
  shelf_.unpin_packed(block_index);
  if (skips) answer_.events_searched += packed->events;
  return skips;
}

bool SearchReader::holds_match(const Shelf::PackedPin& packed) {
  const UnpackedBlocks::Loan unpacker(shelf_.unpacked_blocks());
  bool holds = false;
  matcher_.find_in_lines(unpacker->messages(packed.cells), [&](size_t) {
    holds = true;
    return false;
  });
  return holds;
}

/// True if neither the page nor the time allows for the next block, whose newest event is given.
bool SearchReader::may_stop_before(int64_t timestamp_max_us) {
  if (newest_.size() > limit_ && timestamp_max_us < newest_.front().position.timestamp_us) {
    return true;
  }
  const bool got_on = Position{timestamp_max_us, UINT64_MAX} < before_;
  if (!got_on || shelf_.monotonic_us() < give_up_us_) return false;
  answer_.is_complete = false;
  // What is as old as the next block is found again from the cursor on.
  answer_.from_us = timestamp_max_us + (timestamp_max_us < INT64_MAX ? 1 : 0);
  return true;
}

void SearchReader::look_into(uint32_t block_index, const Shelf::Pinned& pinned) {
  const Block& block = *pinned.block;
  // A block that came into another's place since is not what the span spoke of.
  if (!filter_.admits(*block.identity)) return;
  entries_.clear();
  const uint32_t count = block.published();
  for (uint32_t i = 0; i < count; ++i) {
    if (!admits(block_index, block, i, pinned.aging)) continue;
    ++answer_.events_searched;
    if (!block.entry(i).is_continued()) {
      entries_.push_back(i);
      continue;
    }
    scratch_.reset();
    const event::Event event = read_joined(shelf_, block_index, block, i, scratch_);
    if (matcher_.matches(event.message)) keep(block_index, block, i);
  }
  for (const uint32_t i : scan_.find(block, entries_)) keep(block_index, block, i);
}

bool SearchReader::admits(uint32_t block_index, const Block& block, uint32_t i, bool aging) {
  const Entry& entry = block.entry(i);
  const Position position{entry.timestamp_us, block.first_arrival + entry.arrival_delta};
  if (!filter_.admits(block, entry) || !(position < before_)) return false;
  if (newest_.size() > limit_ && position < newest_.front().position) return false;
  // An event may show its id in a line behind its first only.
  if (by_id_ && !entry.is_continued() && !may_show_any(entry, terms_)) return false;
  if (!by_id_ && !filter_.needs_event(aging)) return true;
  scratch_.reset();
  const event::Event event = read_joined(shelf_, block_index, block, i, scratch_);
  return filter_.admits(event) && (!by_id_ || shows_any(event, terms_));
}

void SearchReader::keep(uint32_t block_index, const Block& block, uint32_t i) {
  const Entry& entry = block.entry(i);
  newest_.push_back(
      {{entry.timestamp_us, block.first_arrival + entry.arrival_delta}, block_index, i});
  std::push_heap(newest_.begin(), newest_.end(), newer);
  if (newest_.size() <= limit_ + 1) return;
  std::pop_heap(newest_.begin(), newest_.end(), newer);
  newest_.pop_back();
}

void SearchReader::finish_page() {
  std::sort_heap(newest_.begin(), newest_.end(), newer);
  const CursorKind kind =
      search_.ignores_case ? CursorKind::kSearchIgnoringCase : CursorKind::kSearch;
  std::string cursor;
  if (!answer_.is_complete) {
    std::erase_if(newest_, [&](const Place& place) {
      return place.position.timestamp_us < answer_.from_us;
    });
    cursor = format_cursor({answer_.from_us - 1, UINT64_MAX}, search_.query, kind);
  }
  if (newest_.size() > limit_) {
    newest_.resize(limit_);
    cursor = format_cursor(newest_.back().position, search_.query, kind);
    answer_.from_us = newest_.back().position.timestamp_us;
    answer_.is_complete = true;
  }
  copy_events(shelf_, newest_, answer_.page);
  describe_sources(answer_.page);
  describe_completeness(shelf_.ring_notes(), filter_, false, answer_.page);
  answer_.page.next_cursor = std::move(cursor);
}

}  // namespace

Result<SearchAnswer> read_search(const Shelf& shelf, const Search& search,
                                 const pattern::TextMatcher& matcher) {
  const CursorKind kind =
      search.ignores_case ? CursorKind::kSearchIgnoringCase : CursorKind::kSearch;
  const Result<std::optional<Position>> before = parse_cursor(search.query, kind);
  if (!before) return before.error();
  return SearchReader(shelf, search, matcher,
                      before->value_or(Position{INT64_MAX, UINT64_MAX}))
      .read();
}

}  // namespace gasoline::store
