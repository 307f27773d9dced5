#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "event_text.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// Shows events as they come. Nobody reads more than some hundred lines a second: on a terminal the
/// rest of each tenth of a second is counted instead, which keeps up with any daemon. A pipe gets
/// all.
class TailView {
 public:
  static constexpr int64_t kFrameUs = 100'000;
  static constexpr uint64_t kFrameEventsMax = 100;

  explicit TailView(const ViewOptions& options) : options_(options), lanes_(options) {}

  /// What to print for an event that comes at this moment; its JSON is read only if it is shown.
  std::string draw(std::string_view event_json, int64_t now_us);
  /// What to print when time has passed: how many events were not shown.
  std::string pass_time(int64_t now_us);
  /// What to print where the daemon says that this reader was too slow for so many events.
  std::string draw_lost(uint64_t events) const;

 private:
  std::string note(std::string_view text) const;

  const ViewOptions options_;
  LaneText lanes_;
  int64_t frame_ = 0;
  uint64_t shown_in_frame_ = 0;
  uint64_t skipped_ = 0;
};

}  // namespace gasoline::cli
