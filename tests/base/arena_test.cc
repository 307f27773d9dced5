#include "base/arena.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>

#include "base/random.h"
#include "support/counting_new.h"
#include "support/seed.h"

namespace gasoline {
namespace {

TEST_CASE("an arena's bytes are aligned to eight and never overlap") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  Arena arena;
  std::vector<std::pair<char*, size_t>> given;
  for (int i = 0; i < 3000; ++i) {
    const size_t size = random.next_u64() % (i % 100 == 0 ? 2 * Arena::kBlockSizeBytes : 500);
    char* bytes = arena.allocate(size);
    REQUIRE(reinterpret_cast<uintptr_t>(bytes) % 8 == 0);
    if (size > 0) std::memset(bytes, i & 0xFF, size);
    given.emplace_back(bytes, size);
  }
  for (size_t i = 0; i < given.size(); ++i) {
    const std::string expected(given[i].second, static_cast<char>(i & 0xFF));
    REQUIRE(std::string_view(given[i].first, given[i].second) == expected);
  }
}

TEST_CASE("copies stay where they are while the arena grows") {
  Arena arena;
  const std::string text = "a text to keep";
  const std::string_view kept = arena.copy(text);
  const char* const place = kept.data();
  for (int i = 0; i < 2000; ++i) arena.copy(std::string(1000, 'x'));
  CHECK(kept == text);
  CHECK(kept.data() == place);
  CHECK(kept.data() != text.data());
  CHECK(arena.copy("").empty());
}

TEST_CASE("a block is made to measure for what is larger than a block") {
  Arena arena;
  const size_t big = 3 * Arena::kBlockSizeBytes + 1;
  char* bytes = arena.allocate(big);
  std::memset(bytes, 'x', big);
  CHECK(arena.held_bytes() == big + 7);
  arena.allocate(1);
  CHECK(arena.held_bytes() == big + 7 + Arena::kBlockSizeBytes);
}

TEST_CASE("a warm arena allocates nothing") {
  Arena arena;
  const auto use = [&] {
    for (int i = 0; i < 1000; ++i) arena.allocate(1000);
    arena.allocate(2 * Arena::kBlockSizeBytes);
    arena.reset();
  };
  use();
  const size_t held = arena.held_bytes();
  const size_t before = test::allocations();
  for (int round = 0; round < 10; ++round) use();
  CHECK(test::allocations() == before);
  CHECK(arena.held_bytes() == held);
}

TEST_CASE("a reset gives back what is over the bound") {
  Arena arena;
  for (int i = 0; i < 10; ++i) arena.allocate(Arena::kBlockSizeBytes);
  CHECK(arena.held_bytes() == 10 * Arena::kBlockSizeBytes);
  arena.reset(3 * Arena::kBlockSizeBytes);
  CHECK(arena.held_bytes() == 3 * Arena::kBlockSizeBytes);
  arena.reset(0);
  CHECK(arena.held_bytes() == 0);
  CHECK(arena.copy("usable again") == "usable again");
}

TEST_CASE("one huge use does not keep an arena huge") {
  Arena arena;
  arena.allocate(100 << 20);
  arena.reset();
  CHECK(arena.held_bytes() <= 64 * Arena::kBlockSizeBytes);
}

}  // namespace
}  // namespace gasoline
