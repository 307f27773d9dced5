#include "event/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <cmath>

namespace gasoline::event {
namespace {

/// Takes exactly `digits` decimal digits.
bool take_number(std::string_view& text, size_t digits, unsigned& value) {
  if (text.size() < digits) return false;
  unsigned sum = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = text[i];
    if (c < '0' || c > '9') return false;
    sum = sum * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(digits);
  value = sum;
  return true;
}

bool take_char(std::string_view& text, std::string_view accepted) {
  if (text.empty() || accepted.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

unsigned days_in_month(unsigned year, unsigned month) {
  constexpr std::array<unsigned, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool take_date(std::string_view& text, int64_t& days) {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (!take_number(text, 4, year) || !take_char(text, "-") || !take_number(text, 2, month) ||
      !take_char(text, "-") || !take_number(text, 2, day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  days = days_from_civil(year, month, day);
  return true;
}

bool take_time(std::string_view& text, int64_t& us) {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!take_number(text, 2, hour) || !take_char(text, ":") || !take_number(text, 2, minute)) {
    return false;
  }
  if (take_char(text, ":") && !take_number(text, 2, second)) return false;
  if (hour > 23 || minute > 59 || second > 60) return false;
  us = ((hour * 60LL + minute) * 60 + second) * 1'000'000;
  if (!take_char(text, ".,")) return true;
  int64_t scale = 100'000;
  size_t digits = 0;
  for (unsigned digit = 0; take_number(text, 1, digit); ++digits, scale /= 10) us += digit * scale;
  return digits > 0;
}

bool take_zone(std::string_view& text, int64_t& offset_us) {
  offset_us = 0;
  if (text.empty() || take_char(text, "Zz")) return true;
  const bool east = text.front() == '+';
  unsigned hours = 0;
  unsigned minutes = 0;
  if (!take_char(text, "+-") || !take_number(text, 2, hours)) return false;
  const bool colon = take_char(text, ":");
  if ((colon || !text.empty()) && !take_number(text, 2, minutes)) return false;
  if (hours > 23 || minutes > 59) return false;
  offset_us = (hours * 60LL + minutes) * 60'000'000 * (east ? 1 : -1);
  return true;
}

}  // namespace

int64_t days_from_civil(int64_t year, unsigned month, unsigned day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

bool parse_iso8601(std::string_view text, int64_t& epoch_us) noexcept {
  int64_t days = 0;
  int64_t time_us = 0;
  int64_t offset_us = 0;
  if (!take_date(text, days)) return false;
  if (!text.empty() && (!take_char(text, "Tt ") || !take_time(text, time_us))) return false;
  if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  if (!take_zone(text, offset_us) || !text.empty()) return false;
  epoch_us = days * 86'400'000'000 + time_us - offset_us;
  return true;
}

bool epoch_us_by_magnitude(double number, int64_t& epoch_us) noexcept {
  if (!std::isfinite(number) || number < 0 || number >= 9.2e18) return false;
  double us = number / 1e3;
  if (number < 1e11) {
    us = number * 1e6;
  } else if (number < 1e14) {
    us = number * 1e3;
  } else if (number < 1e17) {
    us = number;
  }
  epoch_us = std::llround(us);
  return true;
}

std::string format_rfc3339(int64_t epoch_us) {
  int64_t seconds = epoch_us / 1'000'000;
  int64_t fraction = epoch_us % 1'000'000;
  if (fraction < 0) {
    fraction += 1'000'000;
    seconds -= 1;
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(static_cast<std::time_t>(seconds)),
                     fraction);
}

}  // namespace gasoline::event
