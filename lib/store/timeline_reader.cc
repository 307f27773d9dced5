#include "store/timeline_reader.h"

#include <algorithm>
#include <optional>

#include "store/answer_parts.h"
#include "store/block_visitor.h"
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
  std::optional<IdTerm> scoped_term();
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

/// The asked id as a scoped one that some event was in; none if it is not of that form.
std::optional<IdTerm> TimelineReader::scoped_term() {
  std::optional<IdTerm> first;
  IdLinks links(shelf_, filter_);
  for (const ScopedId& reading : parse_scoped_id(query_.correlation_id)) {
    IdTerm term = make_term(reading.id);
    if (term.hash == 0) continue;
    term.scoped = true;
    term.service = reading.scope.service;
    term.run_id = reading.scope.run_id;
    term.any_time = false;
    term.when.add(reading.scope.start_us, reading.scope.start_us + kScopeSpanUs);
    if (links.has_events(term)) return term;
    if (!first) first = std::move(term);
  }
  return first;
}

Status TimelineReader::choose_by_id() {
  IdLinks links(shelf_, filter_);
  IdTerm asked;
  if (std::optional<IdTerm> scoped = scoped_term()) {
    asked = std::move(*scoped);
  } else {
    asked = make_term(query_.correlation_id);
    if (asked.hash == 0) {
      return Error::of(Error::kInvalid, "read the correlation id",
                       "1 to 128 printable characters without spaces, not all zeros");
    }
    if (is_of_little_variety(asked.id)) {
      const std::vector<Scope> scopes = links.scopes_of(asked);
      if (scopes.size() > 1) {
        answer_.ids = {query_.correlation_id};
        for (const Scope& scope : scopes) {
          answer_.candidates.push_back(format_scoped_id(asked.id, scope));
        }
        return {};
      }
    }
  }
  asked.as_written = query_.correlation_id;
  const std::vector<IdTerm> terms = links.with_linked(asked);
  for (const IdTerm& term : terms) {
    if (std::find(answer_.ids.begin(), answer_.ids.end(), term.as_written) == answer_.ids.end()) {
      answer_.ids.push_back(term.as_written);
    }
  }
  choose_by_terms(terms);
  return {};
}

void TimelineReader::choose_by_terms(const std::vector<IdTerm>& terms) {
  std::vector<uint32_t> blocks;
  for (const IdTerm& term : terms) {
    const std::vector<uint32_t> some = shelf_.blocks_of_id(term.hash);
    blocks.insert(blocks.end(), some.begin(), some.end());
  }
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  visit_blocks(shelf_, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    if (!filter_.admits(*block.identity)) return true;
    const uint32_t count = block.published();
    for (uint32_t i = 0; i < count; ++i) {
      const Entry& entry = block.entry(i);
      const bool shown = std::any_of(terms.begin(), terms.end(), [&](const IdTerm& term) {
        return may_show(entry, term.hash);
      });
      if (!shown || !filter_.admits(block, entry)) continue;
      scratch_.reset();
      const event::Event event = read_stored(block, entry, scratch_);
      EventIds ids;
      find_event_ids(event, ids);
      const bool member = std::any_of(terms.begin(), terms.end(),
                                      [&](const IdTerm& term) { return term.admits(event, ids); });
      if (member && filter_.admits(event)) add(block_index, block, i);
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
  std::vector<uint32_t> blocks;
  blocks.reserve(places.size());
  for (const Place& place : places) blocks.push_back(place.block);
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  std::vector<size_t> by_block(places.size());
  for (size_t i = 0; i < by_block.size(); ++i) by_block[i] = i;
  std::stable_sort(by_block.begin(), by_block.end(),
                   [&](size_t a, size_t b) { return places[a].block < places[b].block; });
  std::vector<bool> found(places.size(), false);
  std::vector<event::Event> events(places.size());
  visit_blocks(shelf_, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    auto at = std::lower_bound(by_block.begin(), by_block.end(), block_index,
                               [&](size_t i, uint32_t index) { return places[i].block < index; });
    for (; at != by_block.end() && places[*at].block == block_index; ++at) {
      const Place& place = places[*at];
      if (place.entry >= block.published()) continue;
      const Entry& entry = block.entry(place.entry);
      if (block.first_arrival + entry.arrival_delta != place.position.arrival) continue;
      events[*at] = copy_stored(block, entry, *answer_.arena);
      found[*at] = true;
    }
    answer_.kept_alive.push_back(block.identity);
    return true;
  });
  answer_.events.reserve(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    if (found[i]) answer_.events.push_back(events[i]);
  }
}

}  // namespace

Result<Answer> read_timeline(const Shelf& shelf, const Query& query) {
  const Result<Position> after = parse_cursor(query);
  if (!after) return after.error();
  return TimelineReader(shelf, query, *after).read();
}

}  // namespace gasoline::store
