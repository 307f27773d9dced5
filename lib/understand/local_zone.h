#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/time_zone.h"

namespace gasoline::understand {

/// The zone of printed times that name none: a fixed one, or this machine's with its changes
/// between summer and winter time. One thread.
class LocalZone {
 public:
  explicit LocalZone(int32_t offset_minutes) : offset_us_(offset_minutes * kMinuteUs) {}
  explicit LocalZone(TimeZone zone) : zone_(std::move(zone)) {}
  /// What TZ or /etc/localtime say.
  static LocalZone of_machine() {
    LocalZone zone(0);
    zone.is_machine_ = true;
    return zone;
  }

  /// What a clock on the wall that shows `wall_us` is ahead of UTC. Where it shows a time twice or
  /// never, one of the two. Asks the C library once for each quarter of an hour in a row.
  int64_t offset_us_at(int64_t wall_us);

 private:
  static constexpr int64_t kMinuteUs = 60'000'000;
  static constexpr int64_t kQuarterUs = 15 * kMinuteUs;

  std::optional<TimeZone> zone_;
  bool is_machine_ = false;
  int64_t offset_us_ = 0;
  int64_t quarter_ = INT64_MIN;
};

}  // namespace gasoline::understand
