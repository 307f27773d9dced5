#include "base/ids.h"

#include <catch2/catch.hpp>
#include <limits>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline {
namespace {

std::string text_of(uint64_t epoch_ms, uint16_t high, uint64_t low) {
  return std::string(view(make_ulid(epoch_ms, high, low)));
}

TEST_CASE("a ULID is written as its specification shows") {
  // The specification's own time: 1469918176385 is 01ARYZ6S41.
  CHECK(text_of(1469918176385, 0, 0) == "01ARYZ6S410000000000000000");
  CHECK(text_of(0, 0, 0) == "00000000000000000000000000");
  CHECK(text_of(0, 0, 31) == "0000000000000000000000000Z");
  CHECK(text_of(0, 1, 0) == "0000000000000G000000000000");
  // "Technically, the largest valid ULID".
  CHECK(text_of((1ULL << 48) - 1, 0xFFFF, std::numeric_limits<uint64_t>::max()) ==
        "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
}

TEST_CASE("a ULID gives back the millisecond that it was made in") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int i = 0; i < 2000; ++i) {
    const uint64_t ms = random.next_u64() >> 16;
    const std::string text =
        text_of(ms, static_cast<uint16_t>(random.next_u64()), random.next_u64());
    REQUIRE(is_ulid(text));
    REQUIRE(ulid_time_us(text) == static_cast<int64_t>(ms) * 1000);
  }
}

TEST_CASE("the text order of ULIDs is the order of their 128 bits") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int i = 0; i < 2000; ++i) {
    // Few values a part, so that equal parts are common.
    const uint64_t ms = random.next_u64() % 3;
    const uint64_t other_ms = random.next_u64() % 3;
    const auto high = static_cast<uint16_t>(random.next_u64() % 3);
    const auto other_high = static_cast<uint16_t>(random.next_u64() % 3);
    const uint64_t low = random.next_u64();
    const uint64_t other_low = random.next_u64();
    const auto number = std::make_tuple(ms, high, low);
    const auto other = std::make_tuple(other_ms, other_high, other_low);
    REQUIRE((text_of(ms, high, low) < text_of(other_ms, other_high, other_low)) ==
            (number < other));
  }
}

TEST_CASE("what is no ULID is told apart") {
  CHECK(is_ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  for (const std::string_view text :
       {"", "01ARZ3NDEKTSV4RRFFQ69G5FA", "01ARZ3NDEKTSV4RRFFQ69G5FAVX",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01arz3ndektsv4rrffq69g5fav",
        "01ARZ3NDEKTSV4RRFFQ69G5FAI", "01ARZ3NDEKTSV4RRFFQ69G5FAL", "01ARZ3NDEKTSV4RRFFQ69G5FAO",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ3NDEKTSV4RRFFQ69G5F-V", "01ARZ3NDEKTSV4RRFFQ69G5F V"}) {
    INFO(text);
    CHECK_FALSE(is_ulid(text));
    CHECK(ulid_time_us(text) == -1);
  }
}

}  // namespace
}  // namespace gasoline
