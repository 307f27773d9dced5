#pragma once

#include <cstddef>
#include <string>

#include "event_text.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// Shows the pages of a search as they come, newest event first. On a terminal one lane for each
/// service and a line for each day; in a pipe as `timeline` does.
class SearchView {
 public:
  explicit SearchView(const ViewOptions& options) : options_(options), lanes_(options) {}

  /// The text of one page's events.
  std::string draw(const TimelineAnswer& page);
  /// What to say after the last page: what is missing, and how to go on.
  std::string notes(const TimelineAnswer& last) const;
  size_t events() const { return events_; }

 private:
  const ViewOptions options_;
  LaneText lanes_;
  std::string day_;
  size_t events_ = 0;
};

}  // namespace gasoline::cli
