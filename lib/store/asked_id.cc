#include "store/asked_id.h"

#include <algorithm>
#include <optional>

namespace gasoline::store {
namespace {

/// The asked id as a scoped one that some event was in; none if it is not of that form.
std::optional<IdTerm> scoped_term(IdLinks& links, std::string_view asked) {
  std::optional<IdTerm> first;
  for (const ScopedId& reading : parse_scoped_id(asked)) {
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

}  // namespace

Result<std::vector<IdTerm>> terms_of_asked_id(const Shelf& shelf, const EventFilter& filter,
                                              const Query& query, Answer& answer) {
  IdLinks links(shelf, filter);
  IdTerm asked;
  if (std::optional<IdTerm> scoped = scoped_term(links, query.correlation_id)) {
    asked = std::move(*scoped);
  } else {
    asked = make_term(query.correlation_id);
    if (asked.hash == 0) {
      return Error::of(Error::kInvalid, "read the correlation id",
                       "1 to 128 printable characters without spaces, not all zeros");
    }
    if (is_of_little_variety(asked.id)) {
      const std::vector<Scope> scopes = links.scopes_of(asked);
      if (scopes.size() > 1) {
        answer.ids = {query.correlation_id};
        for (const Scope& scope : scopes) {
          answer.candidates.push_back(format_scoped_id(asked.id, scope));
        }
        return std::vector<IdTerm>();
      }
    }
  }
  asked.as_written = query.correlation_id;
  std::vector<IdTerm> terms = links.with_linked(asked);
  for (const IdTerm& term : terms) {
    if (std::find(answer.ids.begin(), answer.ids.end(), term.as_written) == answer.ids.end()) {
      answer.ids.push_back(term.as_written);
    }
  }
  return terms;
}

std::vector<uint32_t> blocks_of_terms(const Shelf& shelf, const std::vector<IdTerm>& terms) {
  std::vector<uint32_t> blocks;
  for (const IdTerm& term : terms) {
    const std::vector<uint32_t> some = shelf.blocks_of_id(term.hash);
    blocks.insert(blocks.end(), some.begin(), some.end());
  }
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  return blocks;
}

bool may_show_any(const Entry& entry, const std::vector<IdTerm>& terms) {
  return std::any_of(terms.begin(), terms.end(),
                     [&](const IdTerm& term) { return may_show(entry, term.hash); });
}

bool shows_any(const event::Event& event, const std::vector<IdTerm>& terms) {
  EventIds ids;
  find_event_ids(event, ids);
  return std::any_of(terms.begin(), terms.end(),
                     [&](const IdTerm& term) { return term.admits(event, ids); });
}

}  // namespace gasoline::store
