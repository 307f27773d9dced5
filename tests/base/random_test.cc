#include "base/random.h"

#include <catch2/catch.hpp>

#include "base/clock.h"

namespace gasoline {
namespace {

TEST_CASE("seeded chance is SplitMix64, so that a printed seed repeats a run anywhere") {
  // The first values of the reference implementation for this seed.
  SeededRandom random(1234567);
  CHECK(random.next_u64() == 6457827717110365317ULL);
  CHECK(random.next_u64() == 3203168211198807973ULL);
  CHECK(random.next_u64() == 9817491932198370423ULL);
  SeededRandom again(1234567);
  CHECK(again.next_u64() == 6457827717110365317ULL);
}

TEST_CASE("the kernel's chance does not repeat itself") {
  SystemRandom random;
  CHECK(random.next_u64() != random.next_u64());
}

TEST_CASE("the monotonic clock never steps back") {
  const SystemClock clock;
  int64_t last = clock.monotonic_us();
  for (int i = 0; i < 10000; ++i) {
    const int64_t now = clock.monotonic_us();
    REQUIRE(now >= last);
    last = now;
  }
  // Microseconds since 1970, not seconds or milliseconds: between 2020 and 2100.
  CHECK(clock.wall_us() > 1'577'836'800'000'000);
  CHECK(clock.wall_us() < 4'102'444'800'000'000);
}

}  // namespace
}  // namespace gasoline
