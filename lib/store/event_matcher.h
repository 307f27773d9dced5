#pragma once

#include <string>

#include "event/event.h"
#include "store/query.h"

namespace gasoline::store {

/// The filters of a query held against single events, as they arrive. Of a correlation id it knows
/// the id itself, not those linked to it.
class EventMatcher {
 public:
  /// Of `query` all but limit and cursor.
  explicit EventMatcher(Query query);

  bool admits(const event::Event& event) const;
  /// True if there is nothing that it does not admit.
  bool admits_all() const { return admits_all_; }

 private:
  bool admits_source(const event::Event& event) const;
  bool shows_id(const event::Event& event) const;

  const Query query_;
  const std::string lower_text_;
  const std::string normal_id_;  // empty: cannot be an id, or none is asked for
  const std::string project_tag_;
  const bool admits_all_;
};

}  // namespace gasoline::store
