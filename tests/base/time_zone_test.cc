#include "base/time_zone.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

#include "base/posix_zone.h"

namespace gasoline {
namespace {

constexpr int64_t kWinter = 1'768'478'400;  // 2026-01-15T12:00:00Z
constexpr int64_t kSummer = 1'784'116'800;  // 2026-07-15T12:00:00Z
constexpr int64_t kYear = 31'556'952;

TEST_CASE("a zone is UTC, or an offset as people write it") {
  const std::pair<const char*, int32_t> cases[] = {
      {"UTC", 0}, {"Z", 0}, {"+02:00", 7200}, {"-0330", -12600}, {"+2", 7200}, {"+0545", 20700}};
  for (const auto& [text, offset_s] : cases) {
    INFO(text);
    const auto zone = TimeZone::named(text);
    REQUIRE(zone);
    CHECK(zone->offset_s_at(kWinter) == offset_s);
    CHECK(zone->offset_s_at(kSummer) == offset_s);
  }
}

TEST_CASE("what is no zone is refused with what is accepted, and leads to no other file") {
  for (const char* text : {"", "Europe/Berlinn", "+25:00", "+02:99", "../../../etc/passwd",
                           "/etc/localtime", "Europe", "tzdata.zi", "+", "2"}) {
    INFO(text);
    const auto zone = TimeZone::named(text);
    REQUIRE_FALSE(zone);
    CHECK(zone.error().detail.find("accepted") != std::string::npos);
  }
}

/// The C library's answer, in a process of its own name: TZ is global state.
int32_t offset_of_libc(const char* name, int64_t utc_s) {
  ::setenv("TZ", name, 1);
  ::tzset();
  const auto seconds = static_cast<std::time_t>(utc_s);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  ::unsetenv("TZ");
  ::tzset();
  return static_cast<int32_t>(local.tm_gmtoff);
}

TEST_CASE("zones with a name are what the C library knows of them, from 1900 to 2400") {
  if (std::ifstream("/usr/share/zoneinfo/Europe/Berlin").fail()) {
    WARN("this machine has no zone files");
    return;
  }
  for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo",
                           "America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu",
                           "America/Sao_Paulo", "Pacific/Auckland"}) {
    const auto zone = TimeZone::named(name);
    REQUIRE(zone);
    for (int64_t utc_s = -70 * kYear; utc_s < 430 * kYear; utc_s += kYear / 61) {
      const int32_t expected = offset_of_libc(name, utc_s);
      if (zone->offset_s_at(utc_s) == expected) continue;
      INFO(name << " at " << utc_s);
      REQUIRE(zone->offset_s_at(utc_s) == expected);
    }
  }
}

TEST_CASE("the rule behind a zone's transitions is kept to the second") {
  const auto berlin = PosixZone::parse("CET-1CEST,M3.5.0,M10.5.0/3");
  REQUIRE(berlin);
  constexpr int64_t kBegin = 1'774'746'000;  // 2026-03-29T01:00:00Z
  constexpr int64_t kEnd = 1'792'890'000;    // 2026-10-25T01:00:00Z
  CHECK(berlin->offset_s_at(kBegin - 1) == 3600);
  CHECK(berlin->offset_s_at(kBegin) == 7200);
  CHECK(berlin->offset_s_at(kEnd - 1) == 7200);
  CHECK(berlin->offset_s_at(kEnd) == 3600);
  const auto hobart = PosixZone::parse("AEST-10AEDT,M10.1.0,M4.1.0/3");
  REQUIRE(hobart);
  CHECK(hobart->offset_s_at(kWinter) == 11 * 3600);
  CHECK(hobart->offset_s_at(kSummer) == 10 * 3600);
  const auto julian = PosixZone::parse("<+03>-3<+04>,J60/0,300/0");
  REQUIRE(julian);
  CHECK(julian->offset_s_at(kWinter) == 3 * 3600);
  CHECK(julian->offset_s_at(kSummer) == 4 * 3600);
}

TEST_CASE("rules that are none are refused") {
  for (const char* text : {"", "C", "CET", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M1.1.0",
                           "CET-1CEST,M3.5.0,M10.5.0/3x", "<+03", "CET-25", "CET-1CEST,J0,J9"}) {
    INFO(text);
    CHECK_FALSE(PosixZone::parse(text));
  }
}

TEST_CASE("a zone file that is cut anywhere is refused, or read as far as it is whole") {
  std::ifstream file("/usr/share/zoneinfo/Europe/Berlin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  for (size_t size = 0; size < bytes.size(); size += 7) {
    const auto zone = TimeZone::parse(std::string_view(bytes).substr(0, size));
    if (zone) CHECK(zone->offset_s_at(kSummer) <= 7200);
  }
}

}  // namespace
}  // namespace gasoline
