#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "store/correlation_scope.h"
#include "store/event_filter.h"
#include "store/shelf.h"

namespace gasoline::store {

/// A set of moments as few merged spans.
class TimeSpans {
 public:
  static constexpr size_t kSpansMax = 1024;

  /// Adds [from, to). Beyond kSpansMax the nearest span is stretched instead.
  void add(int64_t from_us, int64_t to_us);
  bool contains(int64_t us) const;

 private:
  struct Span {
    int64_t from_us;
    int64_t to_us;
  };
  std::vector<Span> spans_;  // sorted, apart from each other
};

/// An id whose events belong to an answer, and the conditions under which they do.
struct IdTerm {
  uint64_t hash = 0;
  std::string id;  ///< normalised
  std::string as_written;
  bool scoped = false;  ///< only events of this service and run
  std::string service;
  std::string run_id;
  bool any_time = true;  ///< else only at the moments of `when`
  TimeSpans when;

  bool admits(const event::Event& event, const EventIds& ids) const;
};

/// Which ids an id stands for. Links are edges between ids that one event shows, weighed when
/// asked.
class IdLinks {
 public:
  static constexpr size_t kNeighboursMax = 64;  ///< an id with more is a hub and links nothing
  static constexpr int64_t kReachUs = int64_t{3600} * 1'000'000;

  IdLinks(const Shelf& shelf, const EventFilter& filter) : shelf_(shelf), filter_(filter) {}

  /// `asked` and the ids one hop away.
  std::vector<IdTerm> with_linked(const IdTerm& asked);
  /// The scopes in which an id of little variety was used.
  std::vector<Scope> scopes_of(const IdTerm& asked);
  /// True if any visible event belongs to the term.
  bool has_events(const IdTerm& term);

 private:
  template <typename Visit>
  void visit_events(const IdTerm& term, Visit visit);
  bool collect_neighbours(const IdTerm& term, std::vector<IdTerm>& neighbours, TimeSpans* reach);

  const Shelf& shelf_;
  const EventFilter& filter_;
  Arena arena_;
};

/// False for most entries whose event does not show an id with this hash; true for all that do.
inline bool may_show(const Entry& entry, uint64_t id_hash) {
  if ((entry.flags & Entry::kMoreIds) != 0) return true;
  const auto tag = static_cast<uint32_t>(id_hash);
  if ((entry.flags & Entry::kShortTags) == 0) {
    return entry.id_tags[0] == tag || entry.id_tags[1] == tag;
  }
  const auto is_short = [&](uint32_t known) {
    return known != 0 && static_cast<uint8_t>(known) == static_cast<uint8_t>(tag);
  };
  return is_short(entry.id_tags[0]) || is_short(entry.id_tags[1]);
}

/// A term for an id as a user or an event gives it; without a hash if it cannot be an id.
IdTerm make_term(std::string_view id);

}  // namespace gasoline::store
