#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gasoline::event {

/// Reads a date and time of RFC 3339 or ISO 8601's extended form: "2026-11-21T04:48:00.123456789Z",
/// "2026-11-21 04:48:00,123+01:00", with 'T', 't' or a space between date and time, a dot or comma
/// before the fraction, and Z, +hh:mm, +hhmm, +hh or no zone (read as UTC). The whole text must
/// match. False, with `epoch_us` unchanged, otherwise.
bool parse_iso8601(std::string_view text, int64_t& epoch_us) noexcept;

/// Reads a number whose unit shows in its magnitude: seconds below 1e11, milliseconds below 1e14,
/// microseconds below 1e17, else nanoseconds. False for negative or non-finite numbers.
bool epoch_us_by_magnitude(double number, int64_t& epoch_us) noexcept;

/// Days since 1970-01-01 of a date in the proleptic Gregorian calendar. Source: Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day) noexcept;

/// "2026-11-21T04:48:00.123456Z"
std::string format_rfc3339(int64_t epoch_us);

}  // namespace gasoline::event
