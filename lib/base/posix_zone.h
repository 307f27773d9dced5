#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gasoline {

/// The rule of a TZ variable, which zone files carry for the time behind their last transition:
/// "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX, 8.3; hours beyond 24 as RFC 8536 extends it).
struct PosixZone {
  /// A day of each year, and a time on it.
  struct Turn {
    enum class Kind { kMonthWeekDay, kDayWithoutLeap, kDayWithLeap };
    Kind kind = Kind::kMonthWeekDay;
    int month = 0;  ///< 1 to 12
    int week = 0;   ///< 1 to 5; 5: the last
    int day = 0;    ///< of the week from Sunday = 0, or of the year
    int32_t time_s = 7200;
  };
  int32_t standard_s = 0;  ///< ahead of UTC
  int32_t summer_s = 0;
  bool has_summer = false;
  Turn summer_begins;  ///< by the clock of winter
  Turn summer_ends;    ///< by the clock of summer

  static std::optional<PosixZone> parse(std::string_view text);
  int32_t offset_s_at(int64_t utc_s) const;
};

}  // namespace gasoline
