#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "answer_reader.h"
#include "terminal_text.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// "2026-11-21 05:10:00.123 UTC", in the user's zone.
std::string local_time(int64_t us);
/// "05:10:00.123", in the user's zone.
std::string local_clock(int64_t us);

/// "TIME LEVEL SERVICE SOURCE MESSAGE" and a LF, for pipes.
std::string plain_line(const TimelineAnswer::Event& event, bool is_coloured);

/// Draws events for a person, one lane for each service: "TIME LANE LEVEL MESSAGE". Lanes get their
/// colours in the order in which they are added.
class LaneText {
 public:
  explicit LaneText(const ViewOptions& options) : options_(options) {}

  /// Makes room for the event's lane.
  void add(const TimelineAnswer::Event& event);
  /// The event's lines; `time` has `time_columns` columns already.
  std::string draw(const TimelineAnswer::Event& event, std::string_view time, size_t time_columns);

 private:
  std::string name_of(const TimelineAnswer::Event& event) const;
  Colour colour_of(const std::string& lane) const;

  const ViewOptions options_;
  std::vector<std::string> lanes_;
  size_t lane_columns_ = 0;
};

}  // namespace gasoline::cli
