#include "store/id_links.h"

#include <algorithm>

#include "event/correlation_id.h"
#include "store/block_visitor.h"
#include "store/stored_event.h"

namespace gasoline::store {
namespace {

/// What an id means where an event shows it: one of little variety only in that place and time.
IdTerm term_in(const event::Event& event, std::string_view id) {
  IdTerm term = make_term(id);
  if (!is_of_little_variety(term.id)) return term;
  term.scoped = true;
  term.service = event.service;
  term.run_id = event.run_id;
  return term;
}

bool same_id(const IdTerm& a, const IdTerm& b) {
  return a.hash == b.hash && a.id == b.id && a.scoped == b.scoped && a.service == b.service &&
         a.run_id == b.run_id;
}

int64_t add_clamped(int64_t us, int64_t delta) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(us, delta, &sum)) return sum;
  return delta > 0 ? INT64_MAX : INT64_MIN;
}

void add_around(TimeSpans& spans, int64_t us, int64_t reach_us) {
  spans.add(add_clamped(us, -reach_us), add_clamped(us, reach_us + 1));
}

}  // namespace

void TimeSpans::add(int64_t from_us, int64_t to_us) {
  const auto after = [](const Span& span, int64_t us) { return span.to_us < us; };
  auto at = std::lower_bound(spans_.begin(), spans_.end(), from_us, after);
  if (at == spans_.end() || to_us < at->from_us) {
    if (spans_.size() < kSpansMax) {
      spans_.insert(at, {from_us, to_us});
      return;
    }
    if (at == spans_.end()) --at;
  }
  at->from_us = std::min(at->from_us, from_us);
  at->to_us = std::max(at->to_us, to_us);
  auto next = at + 1;
  while (next != spans_.end() && next->from_us <= at->to_us) {
    at->to_us = std::max(at->to_us, next->to_us);
    next = spans_.erase(next);
  }
}

bool TimeSpans::contains(int64_t us) const {
  const auto at = std::lower_bound(spans_.begin(), spans_.end(), us,
                                   [](const Span& span, int64_t t) { return span.to_us <= t; });
  return at != spans_.end() && us >= at->from_us;
}

bool IdTerm::admits(const event::Event& event, const EventIds& ids) const {
  return (!scoped || (event.service == service && event.run_id == run_id)) &&
         (any_time || when.contains(event.timestamp_us)) && ids.contains(id);
}

IdTerm make_term(std::string_view id) {
  IdTerm term;
  NormalId normal;
  normal.size = event::normalize_correlation_id(id, normal.bytes.data(), normal.bytes.size());
  if (normal.size == 0) return term;
  term.id = normal.text();
  term.hash = hash_bytes(term.id);
  term.as_written = id;
  return term;
}

// Calls visit(event, ids) for each visible event of the term until it returns false.
template <typename Visit>
void IdLinks::visit_events(const IdTerm& term, Visit visit) {
  const auto visit_entries = [&](uint32_t, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    const uint32_t count = block.published();
    for (uint32_t i = 0; i < count; ++i) {
      const Entry& entry = block.entry(i);
      if (!may_show(entry, term.hash) || 
          !block.visible_or_part(entry, filter_.arrival_limit())) {
        continue;
      }
      arena_.reset();
      const event::Event event = read_stored(block, entry, arena_);
      EventIds ids;
      find_event_ids(event, ids);
      if (filter_.is_past_ttl(event) || !term.admits(event, ids)) continue;
      if (!visit(event, ids)) return false;
    }
    return true;
  };
  visit_blocks(shelf_, shelf_.blocks_of_id(term.hash), visit_entries);
}

/// False, with an incomplete list, if the term is a hub.
bool IdLinks::collect_neighbours(const IdTerm& term, std::vector<IdTerm>& neighbours,
                                 TimeSpans* reach) {
  bool hub = false;
  visit_events(term, [&](const event::Event& event, const EventIds& ids) {
    if (reach != nullptr) add_around(*reach, event.timestamp_us, kReachUs);
    for (size_t i = 0; i < ids.count && !hub; ++i) {
      if (ids.ids[i].text() == term.id) continue;
      IdTerm found = term_in(event, ids.as_written[i]);
      auto known = std::find_if(neighbours.begin(), neighbours.end(),
                                [&](const IdTerm& each) { return same_id(each, found); });
      if (known == neighbours.end()) {
        hub = neighbours.size() == kNeighboursMax;
        if (hub) break;
        known = neighbours.insert(neighbours.end(), std::move(found));
      }
      if (known->scoped) add_around(known->when, event.timestamp_us, kScopeSpanUs);
    }
    return !hub;
  });
  return !hub;
}

std::vector<IdTerm> IdLinks::with_linked(const IdTerm& asked) {
  std::vector<IdTerm> terms = {asked};
  if (!shelf_.may_be_linked(asked.hash)) return terms;
  std::vector<IdTerm> neighbours;
  TimeSpans reach;
  if (!collect_neighbours(asked, neighbours, &reach)) return terms;
  for (IdTerm& neighbour : neighbours) {
    neighbour.any_time = false;
    if (!neighbour.scoped) neighbour.when = reach;
    std::vector<IdTerm> its_neighbours;
    if (collect_neighbours(neighbour, its_neighbours, nullptr)) {
      terms.push_back(std::move(neighbour));
    }
  }
  return terms;
}

bool IdLinks::has_events(const IdTerm& term) {
  bool any = false;
  visit_events(term, [&](const event::Event&, const EventIds&) {
    any = true;
    return false;
  });
  return any;
}

std::vector<Scope> IdLinks::scopes_of(const IdTerm& asked) {
  ScopeCollector collector;
  visit_events(asked, [&](const event::Event& event, const EventIds&) {
    collector.add(event.service, event.run_id, event.timestamp_us);
    return true;
  });
  return collector.scopes();
}

}  // namespace gasoline::store
