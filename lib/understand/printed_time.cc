#include "understand/printed_time.h"

#include <array>

#include "event/time_text.h"
#include "understand/chars.h"

namespace gasoline::understand {

namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kMinuteUs = 60 * kSecondUs;
constexpr int64_t kHourUs = 60 * kMinuteUs;
constexpr int64_t kDayUs = 24 * kHourUs;
constexpr int64_t kEarliestUs = 946'684'800 * kSecondUs;  // 2000-01-01
constexpr int64_t kLatestUs = 4'102'444'800 * kSecondUs;  // 2100-01-01

/// A reading position that only moves forward when what is asked for is there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  size_t at() const { return at_; }
  void set(size_t at) { at_ = at; }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  std::string_view rest() const { return text_.substr(at_); }

  bool take(char c) {
    if (peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }
  bool take_any(std::string_view chars) {
    if (at_ >= text_.size()) return false;
    for (const char c : chars) {  // a few: less than the call of memchr
      if (text_[at_] != c) continue;
      ++at_;
      return true;
    }
    return false;
  }
  bool take_word(std::string_view word) {
    if (!rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  /// `least` to `most` digits, and no further digit behind them.
  bool take_number(size_t least, size_t most, int64_t& number) {
    const size_t size = run_of(rest(), kDigit, most + 1);
    if (size < least || size > most) return false;
    number = 0;
    for (size_t i = 0; i < size; ++i) number = number * 10 + (text_[at_ + i] - '0');
    at_ += size;
    return true;
  }
  bool take_digits(size_t count, int64_t& number) {
    if (run_of(rest(), kDigit, count) != count) return false;
    number = 0;
    for (size_t i = 0; i < count; ++i) number = number * 10 + (text_[at_ + i] - '0');
    at_ += count;
    return true;
  }

 private:
  std::string_view text_;
  size_t at_ = 0;
};

struct Date {
  int64_t year = 0;  // 0: not printed
  int64_t month = 0;
  int64_t day = 0;
};

struct TimeOfDay {
  int64_t us = 0;
  int64_t unit_us = kSecondUs;
  bool has_seconds = false;
  bool has_half = false;  // AM or PM
};

struct Zone {
  bool stated = false;
  int64_t offset_us = 0;
};

bool is_date(const Date& date) {
  return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= 31 &&
         (date.year == 0 || (date.year >= 1970 && date.year <= 2200));
}

bool take_month_name(Cursor& cursor, int64_t& month) {
  constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
  const std::string_view rest = cursor.rest();
  if (rest.size() < 3 || !all_of(rest.substr(0, 3), kLower | kUpper)) return false;
  const std::array<char, 3> name = {to_lower(rest[0]), to_lower(rest[1]), to_lower(rest[2])};
  for (size_t i = 0; i < 12; ++i) {
    if (kMonths.substr(i * 3, 3) != std::string_view(name.data(), 3)) continue;
    month = static_cast<int64_t>(i) + 1;
    size_t size = 3;
    while (size < 9 && size < rest.size() && is(rest[size], kLower)) ++size;
    cursor.set(cursor.at() + size);
    return true;
  }
  return false;
}

void skip_weekday(Cursor& cursor) {
  constexpr std::string_view kDays = "MonTueWedThuFriSatSun";
  const std::string_view rest = cursor.rest();
  if (rest.size() < 5) return;
  for (size_t i = 0; i < 7; ++i) {
    if (rest.substr(0, 3) != kDays.substr(i * 3, 3)) continue;
    size_t size = 3 + run_of(rest.substr(3), kLower, 6);
    if (size < rest.size() && rest[size] == ',') ++size;
    if (size < rest.size() && rest[size] == ' ') cursor.set(cursor.at() + size + 1);
    return;
  }
}

int64_t day_us(int64_t year, const Date& date) {
  return event::days_from_civil(year, static_cast<unsigned>(date.month),
                                static_cast<unsigned>(date.day)) *
         kDayUs;
}

int64_t distance(int64_t a, int64_t b) {
  return a > b ? a - b : b - a;
}

/// 11/21/26, 21/11/26 or 26/11/21: the order that gives the date nearest to the reference.
bool choose_short_date(const std::array<int64_t, 3>& parts, int64_t reference_us, Date& date) {
  bool found = false;
  for (const Date& candidate :
       {Date{2000 + parts[2], parts[0], parts[1]}, Date{2000 + parts[2], parts[1], parts[0]},
        Date{2000 + parts[0], parts[1], parts[2]}}) {
    if (!is_date(candidate)) continue;
    if (found && distance(day_us(candidate.year, candidate), reference_us) >=
                     distance(day_us(date.year, date), reference_us)) {
      continue;
    }
    date = candidate;
    found = true;
  }
  return found;
}

/// 2026-11-21, 2026/11/21, 20261121, 21/Nov/2026, 21 Nov 2026, Nov 21 [2026], Nov 21, 2026,
/// 11/21/2026, 21.11.2026
bool take_date(Cursor& cursor, int64_t reference_us, Date& date) {
  if (is_alpha(cursor.peek())) {
    if (!take_month_name(cursor, date.month) || !cursor.take(' ')) return false;
    cursor.take(' ');
    if (!cursor.take_number(1, 2, date.day)) return false;
    const size_t behind_day = cursor.at();
    cursor.take(',');
    if (!cursor.take(' ') || !cursor.take_number(4, 4, date.year)) {
      cursor.set(behind_day);
      date.year = 0;
    }
    return is_date(date);
  }
  const size_t digits = run_of(cursor.rest(), kDigit, 9);
  if (digits == 8) {
    return cursor.take_digits(4, date.year) && cursor.take_digits(2, date.month) &&
           cursor.take_digits(2, date.day) && is_date(date);
  }
  if (digits == 6 && cursor.peek(6) == ' ') {
    if (!cursor.take_digits(2, date.year) || !cursor.take_digits(2, date.month) ||
        !cursor.take_digits(2, date.day)) {
      return false;
    }
    date.year += 2000;
    return is_date(date);
  }
  int64_t first = 0;
  if (digits == 4) {
    if (!cursor.take_number(4, 4, date.year)) return false;
    const char separator = cursor.peek();
    if (!cursor.take_any("-/.")) return false;
    return cursor.take_number(1, 2, date.month) && cursor.take(separator) &&
           cursor.take_number(1, 2, date.day) && is_date(date);
  }
  if (digits < 1 || digits > 2 || !cursor.take_number(1, 2, first)) return false;
  const char separator = cursor.peek();
  if (!cursor.take_any("/-. ")) return false;
  if (is_alpha(cursor.peek())) {
    date.day = first;
    return take_month_name(cursor, date.month) && cursor.take(separator) &&
           cursor.take_number(4, 4, date.year) && is_date(date);
  }
  int64_t second = 0;
  if (separator == ' ' || !cursor.take_number(1, 2, second) || !cursor.take(separator)) {
    return false;
  }
  int64_t third = 0;
  if (separator == '/' && cursor.take_number(2, 2, third)) {
    return choose_short_date({first, second, third}, reference_us, date);
  }
  if (!cursor.take_number(4, 4, date.year)) return false;
  // 11/21/2026 is American unless the first number cannot be a month.
  const bool month_first = separator == '/' && first <= 12;
  date.month = month_first ? first : second;
  date.day = month_first ? second : first;
  return is_date(date);
}

void take_fraction(Cursor& cursor, TimeOfDay& time, char other_mark = '.') {
  const char mark = cursor.peek();
  if ((mark != '.' && mark != ',' && mark != other_mark) || !is(cursor.peek(1), kDigit)) return;
  cursor.set(cursor.at() + 1);
  const size_t size = run_of(cursor.rest(), kDigit);
  int64_t unit = kSecondUs;
  for (size_t i = 0; i < size; ++i) {
    if (unit == 1) break;  // nanoseconds are cut
    unit /= 10;
    time.us += (cursor.peek(i) - '0') * unit;
  }
  time.unit_us = unit;
  cursor.set(cursor.at() + size);
}

/// H:MM, HH:MM:SS, HHMMSS, each with a fraction, AM or PM
bool take_time_of_day(Cursor& cursor, bool may_be_compact, TimeOfDay& time) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (may_be_compact && run_of(cursor.rest(), kDigit, 7) == 6) {
    if (!cursor.take_digits(2, hour) || !cursor.take_digits(2, minute) ||
        !cursor.take_digits(2, second)) {
      return false;
    }
    time.has_seconds = true;
  } else {
    if (!cursor.take_number(1, 2, hour) || !cursor.take(':') || !cursor.take_number(2, 2, minute)) {
      return false;
    }
    const size_t behind_minute = cursor.at();
    if (cursor.take(':') && cursor.take_number(2, 2, second)) {
      time.has_seconds = true;
    } else {
      cursor.set(behind_minute);
      time.unit_us = kMinuteUs;
    }
  }
  if (hour > 23 || minute > 59 || second > 60) return false;
  time.us = hour * kHourUs + minute * kMinuteUs + second * kSecondUs;
  if (time.has_seconds) take_fraction(cursor, time);
  const size_t behind_digits = cursor.at();
  cursor.take(' ');
  const bool am = cursor.take_word("AM") || cursor.take_word("am");
  const bool pm = !am && (cursor.take_word("PM") || cursor.take_word("pm"));
  if ((!am && !pm) || is_alnum(cursor.peek())) {
    cursor.set(behind_digits);
    return true;
  }
  time.has_half = true;
  if (hour >= 1 && hour <= 12) time.us += (pm ? 12 : 0) * kHourUs - (hour == 12 ? 12 : 0) * kHourUs;
  return true;
}

/// Z, +hh:mm, +hhmm, +hh, UTC, GMT, with a space before it or not
Zone take_zone(Cursor& cursor) {
  Zone zone;
  const size_t start = cursor.at();
  cursor.take(' ');
  if (cursor.take_any("Zz") || cursor.take_word("UTC") || cursor.take_word("GMT")) {
    if (!is_alnum(cursor.peek())) {
      zone.stated = true;
      return zone;
    }
  }
  cursor.set(start);
  const bool spaced = cursor.take(' ');
  const char sign = cursor.peek();
  int64_t hours = 0;
  int64_t minutes = 0;
  const size_t digits = run_of(cursor.rest().substr(cursor.rest().empty() ? 0 : 1), kDigit, 5);
  const bool shaped = digits == 4 || (digits == 2 && (!spaced || cursor.peek(3) == ':'));
  if (!shaped || !cursor.take_any("+-") || !cursor.take_digits(2, hours)) {
    cursor.set(start);
    return zone;
  }
  if (digits == 4) {
    cursor.take_digits(2, minutes);
  } else if (cursor.take(':') && !cursor.take_digits(2, minutes)) {
    cursor.set(start);
    return zone;
  }
  if (hours > 14 || minutes > 59) {
    cursor.set(start);
    return zone;
  }
  zone.stated = true;
  zone.offset_us = (hours * 60 + minutes) * kMinuteUs * (sign == '-' ? -1 : 1);
  return zone;
}

/// The year that puts the date nearest to the reference.
int64_t us_without_year(const Date& date, int64_t rest_us, int64_t reference_us) {
  const int64_t year = 1970 + reference_us / (kDayUs * 1461 / 4);
  int64_t best = day_us(year, date) + rest_us;
  for (const int64_t other : {year - 1, year + 1}) {
    const int64_t us = day_us(other, date) + rest_us;
    if (distance(us, reference_us) < distance(best, reference_us)) best = us;
  }
  return best;
}

int64_t us_without_date(int64_t rest_us, int64_t reference_us) {
  const int64_t today = reference_us - reference_us % kDayUs;
  int64_t best = today + rest_us;
  for (const int64_t us : {best - kDayUs, best + kDayUs}) {
    if (distance(us, reference_us) < distance(best, reference_us)) best = us;
  }
  return best;
}

bool read_epoch(std::string_view text, PrintedTime& time) {
  const size_t digits = run_of(text, kDigit, 20);
  if (digits < 10 || digits > 19) return false;
  size_t size = digits;
  if (size + 1 < text.size() && text[size] == '.' && is(text[size + 1], kDigit)) {
    size += 1 + run_of(text.substr(size + 1), kDigit);
  }
  if (!read_numeric_time(text.substr(0, size), time)) return false;
  time.size = size;
  return true;
}

bool read_two_digits(std::string_view text, size_t at, int64_t& number) {
  if (!is(text[at], kDigit) || !is(text[at + 1], kDigit)) return false;
  number = (text[at] - '0') * 10 + (text[at + 1] - '0');
  return true;
}

/// The commonest form, 2026-11-21T02:37:06 with what may follow it, at fixed places.
bool read_iso(std::string_view text, const TimeContext& context, PrintedTime& time) {
  constexpr size_t kSize = 19;
  if (text.size() < kSize || text[4] != text[7] || text[13] != ':' || text[16] != ':') return false;
  if ((text[4] != '-' && text[4] != '/') || (text[10] != 'T' && text[10] != ' ')) return false;
  int64_t century = 0;
  int64_t year = 0;
  Date date;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  if (!read_two_digits(text, 0, century) || !read_two_digits(text, 2, year) ||
      !read_two_digits(text, 5, date.month) || !read_two_digits(text, 8, date.day) ||
      !read_two_digits(text, 11, hour) || !read_two_digits(text, 14, minute) ||
      !read_two_digits(text, 17, second)) {
    return false;
  }
  date.year = century * 100 + year;
  if (!is_date(date) || hour > 23 || minute > 59 || second > 60) return false;
  Cursor cursor(text);
  cursor.set(kSize);
  TimeOfDay of_day;
  of_day.us = hour * kHourUs + minute * kMinuteUs + second * kSecondUs;
  // Behind a whole date a third colon can only stand before milliseconds.
  const bool has_colon = cursor.peek() == ':' && run_of(cursor.rest().substr(1), kDigit, 4) == 3;
  take_fraction(cursor, of_day, has_colon ? ':' : '.');
  const Zone zone = take_zone(cursor);
  if (is_alnum(cursor.peek()) || (cursor.peek() == ':' && cursor.peek(1) != ' ')) return false;
  // AM and PM are left to the general reader.
  if (cursor.peek() == ' ' && (cursor.peek(2) == 'M' || cursor.peek(2) == 'm')) return false;
  const int64_t wall_us = day_us(date.year, date) + of_day.us;
  const int64_t offset_us = zone.stated ? zone.offset_us : context.offset_us_at(wall_us);
  time = {wall_us - offset_us, of_day.unit_us, cursor.at()};
  return true;
}

/// What stands between a date and its time: "T", ":", "::", " ", "  ", " - ", ", "
bool skip_date_separator(Cursor& cursor) {
  if (cursor.take_word(" - ") || cursor.take_word(", ") || cursor.take_word("::")) return true;
  if (!cursor.take_any("Tt: _")) return false;
  cursor.take(' ');
  return true;
}

}  // namespace

bool read_numeric_time(std::string_view number, PrintedTime& time) {
  const size_t whole_size = run_of(number, kDigit);
  if (whole_size < 9 || whole_size > 19) return false;
  if (whole_size < number.size() &&
      (number[whole_size] != '.' || whole_size + 1 == number.size())) {
    return false;
  }
  int64_t whole = 0;
  for (const char c : number.substr(0, whole_size)) {
    if (__builtin_mul_overflow(whole, 10, &whole) ||
        __builtin_add_overflow(whole, c - '0', &whole)) {
      return false;
    }
  }
  int64_t unit_us = kSecondUs;  // of the whole part
  int64_t divisor = 1;
  if (whole_size >= 18) {
    divisor = 1000;
    unit_us = 1;
  } else if (whole_size >= 15) {
    unit_us = 1;
  } else if (whole_size >= 12) {
    unit_us = 1000;
  }
  int64_t us = 0;
  if (__builtin_mul_overflow(whole / divisor, unit_us, &us)) return false;
  const std::string_view fraction =
      whole_size < number.size() ? number.substr(whole_size + 1) : std::string_view{};
  for (const char c : fraction) {
    if (!is(c, kDigit)) return false;
    if (unit_us == 1) continue;
    unit_us /= 10;
    us += (c - '0') * unit_us;
  }
  if (us < kEarliestUs || us >= kLatestUs) return false;
  time = {us, unit_us, number.size()};
  return true;
}

bool read_printed_time(std::string_view text, const TimeContext& context, PrintedTime& time) {
  if (text.size() < 5) return false;
  if (!is(text[0], kDigit)) {
    // Nov or Sat: three letters and a blank or comma.
    if (!is(text[0], kUpper) || !is(text[1], kLower) || !is(text[2], kLower)) return false;
    if (text[3] != ' ' && text[3] != ',') return false;
  } else if (read_iso(text, context, time)) {
    return true;
  } else if (read_epoch(text, time)) {
    const char next = time.size < text.size() ? text[time.size] : ' ';
    return !is_alnum(next) && next != '-';
  }
  Cursor cursor(text);
  Date date;
  TimeOfDay of_day;
  skip_weekday(cursor);
  const size_t date_start = cursor.at();
  const bool has_date =
      take_date(cursor, context.reference_us, date) && skip_date_separator(cursor);
  if (!has_date) cursor.set(date_start);
  if (!has_date && date_start != 0) return false;
  const bool compact_date = has_date && run_of(text.substr(date_start), kDigit, 9) == 8;
  if (!take_time_of_day(cursor, compact_date, of_day)) return false;
  if (!has_date && !of_day.has_seconds && !of_day.has_half) return false;
  const Zone zone = take_zone(cursor);
  if (has_date && date.year == 0) {
    // ctime prints the year last, with or without a zone before it.
    const size_t behind_zone = cursor.at();
    if (!cursor.take(' ') || !cursor.take_number(4, 4, date.year) || !is_date(date)) {
      cursor.set(behind_zone);
      date.year = 0;
    }
  }
  if (is_alnum(cursor.peek()) || (cursor.peek() == ':' && cursor.peek(1) != ' ')) return false;
  int64_t wall_us = context.reference_us;
  if (has_date) {
    wall_us = date.year != 0 ? day_us(date.year, date) + of_day.us
                             : us_without_year(date, of_day.us, context.reference_us);
  }
  const int64_t offset_us = zone.stated ? zone.offset_us : context.offset_us_at(wall_us);
  const int64_t rest_us = of_day.us - offset_us;
  time.unit_us = of_day.unit_us;
  time.size = cursor.at();
  if (!has_date) {
    time.us = us_without_date(rest_us, context.reference_us);
  } else if (date.year == 0) {
    time.us = us_without_year(date, rest_us, context.reference_us);
  } else {
    time.us = day_us(date.year, date) + rest_us;
  }
  return true;
}

}  // namespace gasoline::understand
