#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "understand/fixture.h"
#include "understand/printed_time.h"

namespace gasoline::understand {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kWhole = 1'795'228'626 * kSecondUs;  // 2026-11-21T02:37:06Z

struct Row {
  std::string_view text;
  int64_t us;
  int64_t unit_us;
  size_t size;
};

constexpr Row kRows[] = {
    {"2026-11-21T02:37:06Z x", kWhole, kSecondUs, 20},
    {"2026-11-21T02:37:06.115Z", kWhole + 115'000, 1'000, 24},
    {"2026-11-21 02:37:06,115 x", kWhole + 115'000, 1'000, 23},
    {"2026-11-21T02:37:06.115123456Z", kWhole + 115'123, 1, 30},
    {"2026-11-21T03:37:06+01:00", kWhole, kSecondUs, 25},
    {"2026-11-20T21:37:06.115-0500", kWhole + 115'000, 1'000, 28},
    {"2026-11-21 02:37:06 +0000]", kWhole, kSecondUs, 25},
    {"2026-11-21 02:37:06.115 GMT [35]", kWhole + 115'000, 1'000, 27},
    {"2026/11/21 02:37:06 x", kWhole, kSecondUs, 19},
    {"2026/11/21 - 02:37:06 | 200", kWhole, kSecondUs, 21},
    {"2026-11-21  2:37:06 0 [Note]", kWhole, kSecondUs, 19},
    {"20261121T023706Z", kWhole, kSecondUs, 16},
    {"21/Nov/2026:02:37:06 +0000]", kWhole, kSecondUs, 26},
    {"21/Nov/2026 02:37:06]", kWhole, kSecondUs, 20},
    {"21 Nov 2026 02:37:06.115 *", kWhole + 115'000, 1'000, 24},
    {"Sat, 21 Nov 2026 02:37:06 GMT", kWhole, kSecondUs, 29},
    {"Sat Nov 21 02:37:06 2026]", kWhole, kSecondUs, 24},
    {"Nov 21 02:37:06 web-01", kWhole, kSecondUs, 15},
    {"Nov 21, 2026 2:37:06 AM com", kWhole, kSecondUs, 23},
    {"11/21/2026, 2:37:06 AM  ", kWhole, kSecondUs, 22},
    {"11/21/26 02:37:06", kWhole, kSecondUs, 17},
    {"26/11/21 02:37:06 INFO", kWhole, kSecondUs, 17},
    {"21.11.2026 02:37:06", kWhole, kSecondUs, 19},
    {"02:37:06.115 [main]", kWhole + 115'000, 1'000, 12},
    {"2:37AM INF", kWhole - 6 * kSecondUs, 60 * kSecondUs, 6},
    {"1795228626.115 x", kWhole + 115'000, 1'000, 14},
    {"1795228626115 x", kWhole + 115'000, 1'000, 13},
};

constexpr std::string_view kNoTimes[] = {"",
                                         "hello",
                                         "2026",
                                         "12:34",
                                         "100644 blob 79",
                                         "1.2.3.4:80",
                                         "2026-13-21T02:37:06Z",
                                         "25:00:00",
                                         "2026-11-21",
                                         "10.0.0.1 - -",
                                         "May the force",
                                         "12345678901234567890123",
                                         "02:37:06:115",
                                         "Now 02:37:06"};

TEST_CASE("times are read in the forms that programs print") {
  for (const Row& row : kRows) {
    INFO(row.text);
    PrintedTime time;
    REQUIRE(read_printed_time(row.text, {kReadTimeUs, 0}, time));
    CHECK(time.us == row.us);
    CHECK(time.unit_us == row.unit_us);
    CHECK(time.size == row.size);
  }
}

TEST_CASE("what is no time is not read as one") {
  for (const std::string_view text : kNoTimes) {
    INFO(text);
    PrintedTime time;
    CHECK_FALSE(read_printed_time(text, {kReadTimeUs, 0}, time));
  }
}

TEST_CASE("a time without a zone follows the machine's summer time") {
  const char* const before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
  ::tzset();
  LocalZone zone = LocalZone::of_machine();
  const TimeContext context{kReadTimeUs, &zone};
  const auto read = [&context](std::string_view text) {
    PrintedTime time;
    REQUIRE(read_printed_time(text, context, time));
    return time.us;
  };
  CHECK(read("2026-11-21 03:37:06") == kWhole);
  CHECK(read("2026-07-21 04:37:06") == read("2026-07-21 02:37:06Z"));
  CHECK(read("Jul 21 04:37:06 web-01") == read("2026-07-21 02:37:06Z"));
  CHECK(read("Nov 21 03:37:06 web-01") == kWhole);
  CHECK(read("2026-10-25 04:00:00") == read("2026-10-25 03:00:00Z"));
  CHECK(read("2026-10-25 01:59:59") == read("2026-10-24 23:59:59Z"));
  if (kept.empty()) {
    ::unsetenv("TZ");
  } else {
    ::setenv("TZ", kept.c_str(), 1);
  }
  ::tzset();
}

TEST_CASE("a time without a zone is in the local zone, one with a zone is not") {
  PrintedTime time;
  LocalZone zone(60);
  REQUIRE(read_printed_time("2026-11-21 03:37:06", {kReadTimeUs, &zone}, time));
  CHECK(time.us == kWhole);
  REQUIRE(read_printed_time("2026-11-21 02:37:06Z", {kReadTimeUs, &zone}, time));
  CHECK(time.us == kWhole);
}

TEST_CASE("a time without a year is of the year that is nearest to the reading") {
  PrintedTime time;
  const int64_t new_year_us = 1'798'761'600 * kSecondUs;  // 2027-01-01T00:00:00Z
  REQUIRE(read_printed_time("Dec 31 23:59:59", {new_year_us + kSecondUs, 0}, time));
  CHECK(time.us == new_year_us - kSecondUs);
  REQUIRE(read_printed_time("Jan  1 00:00:01", {new_year_us - kSecondUs, 0}, time));
  CHECK(time.us == new_year_us + kSecondUs);
}

TEST_CASE("a time without a date is of the day that is nearest to the reading") {
  PrintedTime time;
  const int64_t midnight_us = 1'795'219'200 * kSecondUs;  // 2026-11-21T00:00:00Z
  REQUIRE(read_printed_time("23:59:59.5", {midnight_us + kSecondUs, 0}, time));
  CHECK(time.us == midnight_us - kSecondUs / 2);
}

TEST_CASE("numbers are times by their magnitude, between 2000 and 2100") {
  PrintedTime time;
  for (const std::string_view number :
       {"1795228626", "1795228626000", "1795228626000000", "1795228626000000000"}) {
    INFO(number);
    REQUIRE(read_numeric_time(number, time));
    CHECK(time.us == kWhole);
  }
  for (const std::string_view number : {"", "1", "123456789", "99999999999999999999", "-1795228626",
                                        "1795228626.", "1795228626.5x", "9223372036854775807"}) {
    INFO(number);
    CHECK_FALSE(read_numeric_time(number, time));
  }
}

}  // namespace
}  // namespace gasoline::understand
