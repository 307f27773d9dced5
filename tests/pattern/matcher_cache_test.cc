#include "pattern/matcher_cache.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

namespace gasoline::pattern {
namespace {

TEST_CASE("an expression from the cache finds what it finds when it was just compiled") {
  MatcherCache cache;
  for (int round = 0; round < 3; ++round) {
    for (const bool ignores_case : {false, true}) {
      const Result<TextMatcher> matcher = cache.get("time(d )?out", ignores_case);
      REQUIRE(matcher.has_value());
      CHECK(matcher->matches("it timed out"));
      CHECK(matcher->matches("a TIMEOUT") == ignores_case);
    }
    CHECK_FALSE(cache.get("(", false).has_value());
  }
}

TEST_CASE("a cache of expressions is bounded, and asked from many threads at once") {
  MatcherCache cache;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&cache, &wrong, t] {
      for (size_t i = 0; i < 3 * MatcherCache::kKeptMax; ++i) {
        const std::string number = std::to_string((i * 7 + static_cast<size_t>(t)) % 20);
        const Result<TextMatcher> matcher = cache.get("order " + number + "$", false);
        if (!matcher || !matcher->matches("an order " + number) || matcher->matches("order x")) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(cache.size() <= MatcherCache::kKeptMax);
  CHECK(cache.size() > 0);
}

}  // namespace
}  // namespace gasoline::pattern
