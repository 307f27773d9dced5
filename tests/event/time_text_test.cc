#include "event/time_text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline::event {
namespace {

constexpr int64_t kDayUs = 86'400'000'000;

/// Microseconds of a UTC time by the C library.
int64_t by_timegm(int year, int month, int day, int hour, int minute, int second) {
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  return static_cast<int64_t>(::timegm(&parts)) * 1'000'000;
}

TEST_CASE("the forms of RFC 3339 and ISO 8601 are read") {
  const int64_t noon = by_timegm(2026, 11, 21, 12, 0, 0);
  struct Row {
    std::string_view text;
    int64_t us;
  };
  for (const Row& row : {Row{"2026-11-21T12:00:00Z", noon},
                         Row{"2026-11-21t12:00:00z", noon},
                         Row{"2026-11-21 12:00:00", noon},
                         Row{"2026-11-21T12:00:00", noon},
                         Row{"2026-11-21T12:00", noon},
                         Row{"2026-11-21T12:00Z", noon},
                         Row{"2026-11-21", noon - kDayUs / 2},
                         Row{"2026-11-21 12:00:00,123", noon + 123'000},
                         Row{"2026-11-21T12:00:00.123456789Z", noon + 123'456},
                         Row{"2026-11-21T12:00:00.1Z", noon + 100'000},
                         Row{"2026-11-21T12:00:00.000001Z", noon + 1},
                         Row{"2026-11-21T12:00:00.0000019Z", noon + 1},
                         Row{"2026-11-21T12:00:00+01:00", noon - 3'600'000'000},
                         Row{"2026-11-21T12:00:00-01:00", noon + 3'600'000'000},
                         Row{"2026-11-21T12:00:00+0530", noon - 19'800'000'000},
                         Row{"2026-11-21T12:00:00+05", noon - 18'000'000'000},
                         Row{"2026-11-21 12:00:00 +01:00", noon - 3'600'000'000},
                         Row{"2026-11-21 12:00:00 Z", noon},
                         Row{"2026-11-21T12:00:00-00:00", noon},
                         Row{"2026-11-21T12:00:00+23:59", noon - 86'340'000'000},
                         Row{"1970-01-01T00:00:00Z", 0},
                         Row{"1969-12-31T23:59:59.999999Z", -1},
                         Row{"2016-12-31T23:59:60Z", by_timegm(2017, 1, 1, 0, 0, 0)},
                         Row{"9999-12-31T23:59:59Z", by_timegm(9999, 12, 31, 23, 59, 59)}}) {
    INFO(row.text);
    int64_t us = 42;
    CHECK(parse_iso8601(row.text, us));
    CHECK(us == row.us);
  }
}

TEST_CASE("what is no date and time is refused and changes nothing") {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-11",
                                      "2026-11-2",
                                      "2026-1-21",
                                      "26-11-21",
                                      "2026-13-01",
                                      "2026-00-01",
                                      "2026-01-00",
                                      "2026-01-32",
                                      "2026-04-31",
                                      "2026-02-29",
                                      "1900-02-29",
                                      "2100-02-29",
                                      "2026-11-21T",
                                      "2026-11-21 ",
                                      "2026-11-21T12",
                                      "2026-11-21T1:00",
                                      "2026-11-21T24:00:00",
                                      "2026-11-21T12:60:00",
                                      "2026-11-21T12:00:61",
                                      "2026-11-21T12:00:00.",
                                      "2026-11-21T12:00:00,Z",
                                      "2026-11-21T12:00:00+",
                                      "2026-11-21T12:00:00+1",
                                      "2026-11-21T12:00:00+01:",
                                      "2026-11-21T12:00:00+01:0",
                                      "2026-11-21T12:00:00+24:00",
                                      "2026-11-21T12:00:00+01:60",
                                      "2026-11-21T12:00:00Zx",
                                      "2026-11-21T12:00:00Z ",
                                      " 2026-11-21T12:00:00Z",
                                      "2026-11-21X12:00:00Z",
                                      "2026/11/21 12:00:00",
                                      "20261121T120000Z",
                                      "-026-11-21",
                                      "2026-11-21T12:00:00 UTC",
                                      "2026-11-21T-1:00:00",
                                      "2026-11-21T12:00:00+-1:00"}) {
    INFO(text);
    int64_t us = 42;
    CHECK_FALSE(parse_iso8601(text, us));
    CHECK(us == 42);
  }
}

TEST_CASE("February has 29 days in leap years only") {
  for (int year = 1896; year <= 2404; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const std::string text = std::to_string(year) + "-02-29";
    int64_t us = 0;
    INFO(text);
    REQUIRE(parse_iso8601(text, us) == leap);
    if (leap) REQUIRE(us == by_timegm(year, 2, 29, 0, 0, 0));
  }
}

TEST_CASE("days are counted as the C library counts them") {
  for (int year : {0, 1, 4, 100, 400, 1582, 1600, 1899, 1900, 1969, 1970, 2000, 2026, 2100, 9999}) {
    for (int month = 1; month <= 12; ++month) {
      INFO(year << "-" << month);
      REQUIRE(days_from_civil(year, static_cast<unsigned>(month), 1) * kDayUs ==
              by_timegm(year, month, 1, 0, 0, 0));
    }
  }
}

TEST_CASE("random times come back from their text, in any zone") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  const auto below = [&](uint64_t bound) { return static_cast<int>(random.next_u64() % bound); };
  for (int round = 0; round < 5000; ++round) {
    const int year = below(9999) + 1;
    const int month = below(12) + 1;
    const int day = below(28) + 1;
    const int hour = below(24);
    const int minute = below(60);
    const int second = below(60);
    const int fraction = below(1'000'000);
    const int64_t expected = by_timegm(year, month, day, hour, minute, second) + fraction;
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month, day, hour,
                  minute, second, fraction);
    int64_t us = 0;
    INFO(text);
    REQUIRE(parse_iso8601(text, us));
    REQUIRE(us == expected);
    REQUIRE(format_rfc3339(expected) == text);
    const int offset = below(24 * 60);
    const bool east = below(2) == 0;
    std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d%c%02d%s%02d", year, month, day,
                  hour, minute, second, east ? '+' : '-', offset / 60, below(2) == 0 ? ":" : "",
                  offset % 60);
    INFO(text);
    REQUIRE(parse_iso8601(text, us));
    REQUIRE(us == expected - fraction - (east ? 1 : -1) * offset * int64_t{60'000'000});
  }
}

TEST_CASE("the unit of a bare number shows in its magnitude") {
  struct Row {
    double number;
    int64_t us;
  };
  for (const Row& row :
       {Row{0, 0}, Row{1, 1'000'000}, Row{1763700000, 1'763'700'000'000'000},
        Row{1763700000.123456, 1'763'700'000'123'456}, Row{99'999'999'999, 99'999'999'999'000'000},
        Row{1e11, 100'000'000'000'000}, Row{1763700000123, 1'763'700'000'123'000},
        Row{1763700000123.456, 1'763'700'000'123'456}, Row{1e14, 100'000'000'000'000},
        Row{1763700000123456, 1'763'700'000'123'456}, Row{1e17, 100'000'000'000'000},
        Row{1763700000123456000, 1'763'700'000'123'456}}) {
    INFO(row.number);
    int64_t us = 42;
    CHECK(epoch_us_by_magnitude(row.number, us));
    CHECK(us == row.us);
  }
  for (const double number : {-1.0, -1e-9, 9.3e18, 1e300, std::numeric_limits<double>::infinity(),
                              -std::numeric_limits<double>::infinity(), std::nan("")}) {
    INFO(number);
    int64_t us = 42;
    CHECK_FALSE(epoch_us_by_magnitude(number, us));
    CHECK(us == 42);
  }
}

TEST_CASE("times are written to the microsecond, before 1970 too") {
  CHECK(format_rfc3339(0) == "1970-01-01T00:00:00.000000Z");
  CHECK(format_rfc3339(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_rfc3339(1'763'700'000'123'456) == "2025-11-21T04:40:00.123456Z");
  // Whatever number a damaged record holds, writing it must not throw.
  CHECK_FALSE(format_rfc3339(std::numeric_limits<int64_t>::max()).empty());
  CHECK_FALSE(format_rfc3339(std::numeric_limits<int64_t>::min()).empty());
}

}  // namespace
}  // namespace gasoline::event
