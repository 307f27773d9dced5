#include "base/posix_zone.h"

#include <charconv>

namespace gasoline {
namespace {

constexpr int64_t kDayS = 86400;

/// Days from the epoch to the first of a month of the Gregorian calendar (Howard Hinnant,
/// "chrono-compatible low-level date algorithms").
int64_t days_to(int64_t year, int month) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

int64_t year_of(int64_t utc_s) {
  int64_t year = 1970 + utc_s / (365 * kDayS + kDayS / 4);
  while (days_to(year, 1) * kDayS > utc_s) --year;
  while (days_to(year + 1, 1) * kDayS <= utc_s) ++year;
  return year;
}

bool is_leap(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/// Seconds after the epoch at which the year's turn comes, by a clock that is not turned.
int64_t wall_of(const PosixZone::Turn& turn, int64_t year) {
  if (turn.kind == PosixZone::Turn::Kind::kDayWithLeap) {
    return (days_to(year, 1) + turn.day) * kDayS + turn.time_s;
  }
  if (turn.kind == PosixZone::Turn::Kind::kDayWithoutLeap) {
    constexpr int kLastOfFebruary = 59;
    const int64_t skipped = is_leap(year) && turn.day > kLastOfFebruary ? 1 : 0;
    return (days_to(year, 1) + turn.day - 1 + skipped) * kDayS + turn.time_s;
  }
  const int64_t first = days_to(year, turn.month);
  const int64_t next_month =
      turn.month == 12 ? days_to(year + 1, 1) : days_to(year, turn.month + 1);
  constexpr int64_t kWeekDayOfEpoch = 4;
  const int64_t first_week_day = (((first + kWeekDayOfEpoch) % 7) + 7) % 7;
  int64_t day = first + (turn.day - first_week_day + 7) % 7 + (turn.week - 1) * 7;
  while (day >= next_month) day -= 7;
  return day * kDayS + turn.time_s;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<PosixZone> parse() {
    PosixZone zone;
    if (!skip_name() || !read_time(zone.standard_s, 24)) return std::nullopt;
    zone.standard_s = -zone.standard_s;
    if (rest_.empty()) return zone;
    zone.has_summer = true;
    zone.summer_s = zone.standard_s + 3600;
    if (!skip_name()) return std::nullopt;
    if (!rest_.empty() && rest_.front() != ',') {
      if (!read_time(zone.summer_s, 24)) return std::nullopt;
      zone.summer_s = -zone.summer_s;
    }
    const bool is_whole = read_turn(zone.summer_begins) && read_turn(zone.summer_ends);
    if (!is_whole || !rest_.empty()) return std::nullopt;
    return zone;
  }

 private:
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool skip_name() {
    if (take('<')) {
      const size_t end = rest_.find('>');
      if (end == std::string_view::npos) return false;
      rest_.remove_prefix(end + 1);
      return true;
    }
    const size_t end = std::min(rest_.find_first_of("+-0123456789,"), rest_.size());
    rest_.remove_prefix(end);
    return end >= 3;
  }

  bool read_number(int& number, int least, int most) {
    const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (code != std::errc() || number < least || number > most) return false;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return true;
  }

  /// [+-]hh[:mm[:ss]]
  bool read_time(int32_t& seconds, int hours_max) {
    const bool is_negative = take('-');
    if (!is_negative) static_cast<void>(take('+'));
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!read_number(hours, 0, hours_max)) return false;
    if (take(':') && !read_number(minutes, 0, 59)) return false;
    if (take(':') && !read_number(rest, 0, 59)) return false;
    seconds = (hours * 60 + minutes) * 60 + rest;
    if (is_negative) seconds = -seconds;
    return true;
  }

  bool read_turn(PosixZone::Turn& turn) {
    if (!take(',')) return false;
    if (take('M')) {
      if (!read_number(turn.month, 1, 12) || !take('.') || !read_number(turn.week, 1, 5) ||
          !take('.') || !read_number(turn.day, 0, 6)) {
        return false;
      }
    } else if (take('J')) {
      turn.kind = PosixZone::Turn::Kind::kDayWithoutLeap;
      if (!read_number(turn.day, 1, 365)) return false;
    } else {
      turn.kind = PosixZone::Turn::Kind::kDayWithLeap;
      if (!read_number(turn.day, 0, 365)) return false;
    }
    constexpr int kHoursMax = 167;
    return !take('/') || read_time(turn.time_s, kHoursMax);
  }

  std::string_view rest_;
};

}  // namespace

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
  return Parser(text).parse();
}

int32_t PosixZone::offset_s_at(int64_t utc_s) const {
  if (!has_summer) return standard_s;
  const int64_t year = year_of(utc_s + standard_s);
  const int64_t begin = wall_of(summer_begins, year) - standard_s;
  const int64_t end = wall_of(summer_ends, year) - summer_s;
  // In the south summer goes over the end of the year.
  const bool is_summer =
      begin <= end ? utc_s >= begin && utc_s < end : utc_s < end || utc_s >= begin;
  return is_summer ? summer_s : standard_s;
}

}  // namespace gasoline
