#include "store/timeline_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <tuple>
#include <unordered_map>

#include "store/answer_parts.h"
#include "store/asked_id.h"
#include "store/block_visitor.h"
#include "store/copy_events.h"
#include "store/event_filter.h"
#include "store/id_links.h"
#include "store/inference.h"
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
  void add_heads(std::vector<EventPlace>& heads, const std::vector<IdTerm>& terms);
  void add_inferred(const std::vector<IdTerm>& terms);
  void choose_by_span();
  bool admits(uint32_t block_index, const Block& block, uint32_t entry, bool aging);
  void add(uint32_t block_index, const Block& block, uint32_t entry);
  void copy_page();

  const Shelf& shelf_;
  const Query& query_;
  const EventFilter filter_;
  const uint32_t limit_;
  Page page_;
  std::unordered_map<uint64_t, Answer::Extra> inferred_;  // by arrival
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
  if (query_.include_inferred && answer_.candidates.empty()) add_inferred(*terms);
  return {};
}

void TimelineReader::add_inferred(const std::vector<IdTerm>& terms) {
  Inference inference = infer_members(shelf_, filter_, terms);
  answer_.inference = {inference.considered, inference.refused, std::move(inference.gave_up)};
  for (InferredMember& member : inference.members) {
    page_.add(member.place);
    inferred_.emplace(member.place.position.arrival,
                      Answer::Extra{member.confidence, std::move(member.reason), {}});
  }
}

void TimelineReader::choose_by_terms(const std::vector<IdTerm>& terms) {
  const std::vector<uint32_t> blocks = blocks_of_terms(shelf_, terms);
  std::vector<EventPlace> heads;
  visit_blocks(shelf_, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    if (!filter_.admits(*block.identity)) return true;
    const uint32_t count = block.published();
    for (uint32_t i = 0; i < count; ++i) {
      const Entry& entry = block.entry(i);
      if (!may_show_any(entry, terms)) continue;
      if (!entry.is_part() && !filter_.admits(block, entry)) continue;
      scratch_.reset();
      if (!shows_any(read_stored(block, entry, scratch_), terms)) continue;
      if (entry.is_part()) {
        if (const auto head = shelf_.head_of(block_index, i)) heads.push_back(*head);
      } else if (admits(block_index, block, i, true)) {
        add(block_index, block, i);
      }
    }
    return true;
  });
  add_heads(heads, terms);
}

/// Events that show an id only in a line behind their first.
void TimelineReader::add_heads(std::vector<EventPlace>& heads, const std::vector<IdTerm>& terms) {
  std::sort(heads.begin(), heads.end(), [](const EventPlace& a, const EventPlace& b) {
    return std::tie(a.block, a.arrival) < std::tie(b.block, b.arrival);
  });
  uint64_t last_arrival = 0;
  for (const EventPlace& head : heads) {
    if (head.arrival == last_arrival) continue;
    last_arrival = head.arrival;
    const std::array<uint32_t, 1> blocks = {head.block};
    visit_blocks(shelf_, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
      const Block& block = *pinned.block;
      if (head.entry >= block.published()) return true;
      const Entry& entry = block.entry(head.entry);
      if (block.first_arrival + entry.arrival_delta != head.arrival) return true;
      if (!filter_.admits(block, entry)) return true;
      scratch_.reset();
      if (shows_any(read_stored(block, entry, scratch_), terms)) return true;
      if (admits(block_index, block, head.entry, true)) add(block_index, block, head.entry);
      return true;
    });
  }
}

void TimelineReader::choose_by_span() {
  std::vector<Shelf::Span> spans = shelf_.blocks_of_span(
      std::max(filter_.start_us(), filter_.after().timestamp_us), filter_.end_us(),
      [&](const SourceIdentity& identity) { return filter_.admits_some_of(identity); });
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
      if (filter_.admits(block, entry) && admits(block_index, block, i, pinned.aging)) {
        add(block_index, block, i);
      }
    }
    ++visited;
    return visited == spans.size() || spans[visited].timestamp_min_us <= page_.timestamp_max_us();
  });
}

bool TimelineReader::admits(uint32_t block_index, const Block& block, uint32_t entry, bool aging) {
  if (!filter_.needs_event(aging)) return true;
  scratch_.reset();
  return filter_.admits(read_joined(shelf_, block_index, block, entry, scratch_));
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
  if (inferred_.empty()) return;
  for (const uint64_t arrival : answer_.arrivals) {
    const auto inferred = inferred_.find(arrival);
    answer_.extras.push_back(inferred == inferred_.end() ? Answer::Extra() : inferred->second);
  }
}

}  // namespace

Result<Answer> read_timeline(const Shelf& shelf, const Query& query) {
  const Result<std::optional<Position>> after = parse_cursor(query);
  if (!after) return after.error();
  return TimelineReader(shelf, query, after->value_or(Position{})).read();
}

}  // namespace gasoline::store
