#include "base/quantity.h"

#include <catch2/catch.hpp>
#include <limits>

namespace gasoline {
namespace {

constexpr auto kMost = std::numeric_limits<int64_t>::max();

TEST_CASE("sizes are counts of bytes or binary units") {
  struct Row {
    std::string_view text;
    uint64_t bytes;
  };
  for (const Row& row :
       {Row{"0", 0}, Row{"1", 1}, Row{"65536", 65536}, Row{"1KiB", 1024}, Row{"64KiB", 64 * 1024},
        Row{"16MiB", 16 << 20}, Row{"1GiB", 1ULL << 30}, Row{"007", 7}, Row{"0GiB", 0},
        Row{"9223372036854775807", static_cast<uint64_t>(kMost)},
        Row{"8589934591GiB", 8589934591ULL << 30}}) {
    INFO(row.text);
    const auto parsed = parse_size_bytes(row.text);
    REQUIRE(parsed);
    CHECK(*parsed == row.bytes);
  }
}

TEST_CASE("what is no size is refused, with what would be accepted") {
  for (const std::string_view text :
       {"", "KiB", "1 KiB", " 1", "1 ", "-1", "+1", "1.5MiB", "1kib", "1KB", "1K", "1MB", "1TiB",
        "0x10", "1KiB1", "9223372036854775808", "8589934592GiB", "18446744073709551616",
        "99999999999999999999999999"}) {
    INFO(text);
    const auto parsed = parse_size_bytes(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == Error::kInvalid);
    CHECK(parsed.error().to_string() ==
          "read the size '" + std::string(text) +
              "': expected a number of bytes or a number with KiB, MiB or GiB, such as 16MiB");
  }
}

TEST_CASE("durations always name their unit") {
  struct Row {
    std::string_view text;
    int64_t us;
  };
  for (const Row& row : {Row{"0s", 0}, Row{"1ms", 1000}, Row{"200ms", 200'000},
                         Row{"2s", 2'000'000}, Row{"5m", 300'000'000}, Row{"24h", 86'400'000'000},
                         Row{"9223372036854775ms", kMost / 1000 * 1000}}) {
    INFO(row.text);
    const auto parsed = parse_duration_us(row.text);
    REQUIRE(parsed);
    CHECK(*parsed == row.us);
  }
}

TEST_CASE("what is no duration is refused, with what would be accepted") {
  for (const std::string_view text : {"", "0", "5", "s", "1 s", "-1s", "1.5s", "1S", "1us", "1min",
                                      "1d", "1ms1s", "9223372036854776ms", "2562047789h"}) {
    INFO(text);
    const auto parsed = parse_duration_us(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().to_string() ==
          "read the duration '" + std::string(text) +
              "': expected a number with ms, s, m or h, such as 200ms or 2s");
  }
}

TEST_CASE("sizes are written in the largest unit that they fill") {
  CHECK(format_size_bytes(0) == "0 B");
  CHECK(format_size_bytes(1023) == "1023 B");
  CHECK(format_size_bytes(1024) == "1.0 KiB");
  CHECK(format_size_bytes(1536) == "1.5 KiB");
  CHECK(format_size_bytes(1 << 20) == "1.0 MiB");
  CHECK(format_size_bytes(3ULL << 29) == "1.5 GiB");
  CHECK(format_size_bytes(1ULL << 40) == "1024.0 GiB");
  CHECK(format_size_bytes(std::numeric_limits<uint64_t>::max()) == "17179869184.0 GiB");
}

TEST_CASE("durations are written in the largest unit that they fill") {
  CHECK(format_duration_us(0) == "0 us");
  CHECK(format_duration_us(999) == "999 us");
  CHECK(format_duration_us(1000) == "1.0 ms");
  CHECK(format_duration_us(1'500'000) == "1.5 s");
  CHECK(format_duration_us(90'000'000) == "1.5 m");
  CHECK(format_duration_us(5'400'000'000) == "1.5 h");
}

TEST_CASE("a rounded quantity never shows a full thousand of a smaller unit") {
  CHECK(format_size_bytes((1 << 20) - 1) == "1.0 MiB");
  CHECK(format_size_bytes((1 << 30) - 1) == "1.0 GiB");
  CHECK(format_duration_us(999'999) == "1.0 s");
  CHECK(format_duration_us(59'999'999) == "1.0 m");
  CHECK(format_duration_us(3'599'999'999) == "1.0 h");
}

TEST_CASE("a negative duration keeps its unit") {
  CHECK(format_duration_us(-5) == "-5 us");
  CHECK(format_duration_us(-1'500'000) == "-1.5 s");
}

}  // namespace
}  // namespace gasoline
