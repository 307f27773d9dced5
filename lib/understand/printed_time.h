#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "understand/local_zone.h"

namespace gasoline::understand {

/// A time as a line shows it.
struct PrintedTime {
  int64_t us = 0;       ///< since the Unix epoch
  int64_t unit_us = 0;  ///< of its last digit: 1,000,000 for whole seconds
  size_t size = 0;      ///< bytes of text that it took, with its zone
};

/// What a time needs that is not printed whole.
struct TimeContext {
  int64_t reference_us = 0;   ///< the time of reading; the nearest year or day is taken
  LocalZone* zone = nullptr;  ///< of times without a zone; null: UTC

  int64_t offset_us_at(int64_t wall_us) const {
    return zone == nullptr ? 0 : zone->offset_us_at(wall_us);
  }
};

/// Reads the time that `text` begins with:
///
///   2026-11-21T02:37:06.115Z   2026-11-21 02:37:06,115 +0100   2026/11/21 02:37:06   ... GMT
///   21/Nov/2026:02:37:06 +0000   21 Nov 2026 02:37:06.123   Sat, 21 Nov 2026 02:37:06 GMT
///   Nov 21 02:37:06   Sat Nov 21 02:37:06 2026   Nov 21, 2026 2:37:06 AM
///   11/21/2026 02:37:06 AM   21.11.2026 02:37:06   20261121T023706Z
///   02:37:06.115   2:37AM   1795228626.115 (at least 10 digits)
///
/// False if it begins with none. A time that has no date must show seconds or AM/PM.
bool read_printed_time(std::string_view text, const TimeContext& context, PrintedTime& time);

/// Reads a JSON number as a time, its unit by magnitude. False outside the years 2000 to 2100.
bool read_numeric_time(std::string_view number, PrintedTime& time);

}  // namespace gasoline::understand
