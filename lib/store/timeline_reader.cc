#include "store/timeline_reader.h"

#include <algorithm>
#include <optional>

#include "store/answer_parts.h"
#include "store/asked_id.h"
#include "store/block_visitor.h"
#include "store/copy_events.h"
#include "store/event_filter.h"
#include "store/id_links.h"
#include "store/page.h"
#include "store/stored_event.h"

namespace gasoline::store {
namespace {

class TimelineReader {
 public:
  TimelineReader(const Shelf& shelf, const Query& query, const Position& after)
      : shelf_(shelf),
        query_(query),
        filter_(query, after, shelf.arrival_limit(), shelf.receive_cutoff_us()),
        limit_(std::clamp<uint32_t>(query.limit, 1, Query::kLimitMax)),
        page_(limit_) {}

  Result<Answer> read();

 private:
  Status choose_by_id();
  void choose_by_terms(const std::vector<IdTerm>& terms);
  void choose_by_span();
  bool admits(const Block& block, const Entry& entry, bool aging);
  void add(uint32_t block_index, const Block& block, uint32_t entry);
  void copy_page();

  const Shelf& shelf_;
  const Query& query_;
  const EventFilter filter_;
  const uint32_t limit_;
  Page page_;
  Arena scratch_;
  Answer answer_;
};

Result<Answer> TimelineReader::read() {
  answer_.arena = std::make_unique<Arena>();
  if (query_.correlation_id.empty()) {
    choose_by_span();
  } else if (Status chosen = choose_by_id(); !chosen) {
    return chosen.error();
  }
  copy_page();
  describe_sources(answer_);
  describe_completeness(shelf_.ring_notes(), filter_, !query_.correlation_id.empty(), answer_);
  return std::move(answer_);
}

Status TimelineReader::choose_by_id() {
  const Result<std::vector<IdTerm>> terms = terms_of_asked_id(shelf_, filter_, query_, answer_);
  if (!terms) return terms.error();
  choose_by_terms(*terms);
  return {};
}

void TimelineReader::choose_by_terms(const std::vector<IdTerm>& terms) {
  const std::vector<uint32_t> blocks = blocks_of_terms(shelf_, terms);
  visit_blocks(shelf_, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    if (!filter_.admits(*block.identity)) return true;
    const uint32_t count = block.published();
    for (uint32_t i = 0; i < count; ++i) {
      const Entry& entry = block.entry(i);
      if (!may_show_any(entry, terms) || !filter_.admits(block, entry)) continue;
      scratch_.reset();
      const event::Event event = read_stored(block, entry, scratch_);
      if (shows_any(event, terms) && filter_.admits(event)) add(block_index, block, i);
    }
    return true;
  });
}

void TimelineReader::choose_by_span() {
  std::vector<Shelf::Span> spans = shelf_.blocks_of_span(
      std::max(filter_.start_us(), filter_.after().timestamp_us), filter_.end_us(),
      [&](const SourceIdentity& identity) { return filter_.admits(identity); });
  std::sort(spans.begin(), spans.end(), [](const Shelf::Span& a, const Shelf::Span& b) {
    return a.timestamp_min_us < b.timestamp_min_us;
  });
  std::vector<uint32_t> blocks;
  blocks.reserve(spans.size());
  for (const Shelf::Span& span : spans) blocks.push_back(span.block);
  size_t visited = 0;
  visit_blocks(shelf_, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    // A block that came into another's place since is not what the span spoke of.
    if (!filter_.admits(*block.identity)) return true;
    const uint32_t count = block.published();
    for (uint32_t i = 0; i < count; ++i) {
      const Entry& entry = block.entry(i);
      if (filter_.admits(block, entry) && admits(block, entry, pinned.aging)) {
        add(block_index, block, i);
      }
    }
    ++visited;
    return visited == spans.size() || spans[visited].timestamp_min_us <= page_.timestamp_max_us();
  });
}

bool TimelineReader::admits(const Block& block, const Entry& entry, bool aging) {
  if (!filter_.needs_event(aging)) return true;
  scratch_.reset();
  return filter_.admits(read_stored(block, entry, scratch_));
}

void TimelineReader::add(uint32_t block_index, const Block& block, uint32_t i) {
  const Entry& entry = block.entry(i);
  page_.add({{entry.timestamp_us, block.first_arrival + entry.arrival_delta}, block_index, i});
}

void TimelineReader::copy_page() {
  std::vector<Place>& places = page_.finish();
  if (places.size() > limit_) {
    places.resize(limit_);
    answer_.next_cursor = format_cursor(places.back().position, query_);
  }
  copy_events(shelf_, places, answer_);
}

}  // namespace

Result<Answer> read_timeline(const Shelf& shelf, const Query& query) {
  const Result<std::optional<Position>> after = parse_cursor(query);
  if (!after) return after.error();
  return TimelineReader(shelf, query, after->value_or(Position{})).read();
}

}  // namespace gasoline::store
