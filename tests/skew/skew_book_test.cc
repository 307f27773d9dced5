#include "skew/skew_book.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <thread>

namespace gasoline::skew {
namespace {

TEST_CASE("every pair of clocks has samples of its own, the last thirty") {
  SkewBook book;
  for (int i = 0; i < 100; ++i) {
    book.add("browser", "host:a", i < 70 ? 500 : 50, i);
    book.add("browser", "host:b", -50, i);
  }
  const auto pairs = book.pairs();
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].reference == "host:a");
  CHECK(pairs[0].estimate.median == 50);
  CHECK(pairs[0].estimate.samples == kSamplesMax);
  CHECK(pairs[0].last_sample_us == 99);
  CHECK(pairs[1].estimate.median == -50);
  CHECK(book.counters().samples == 200);
}

TEST_CASE("what is no sample is refused and counted") {
  SkewBook book;
  book.add("browser", "host", NAN, 1);
  book.add("browser", "host", INFINITY, 1);
  book.add("browser", "host", 1e12, 1);
  book.add("", "host", 1, 1);
  book.add("host", "host", 1, 1);
  book.add(std::string(129, 'x'), "host", 1, 1);
  CHECK(book.pairs().empty());
  CHECK(book.counters().refused == 6);
}

TEST_CASE("one pair more than there may be pushes out the one without news for longest") {
  SkewBook book;
  for (size_t i = 0; i <= SkewBook::kPairsMax; ++i) {
    book.add("browser:" + std::to_string(i), "host", 1, static_cast<int64_t>(i == 0 ? 1000 : i));
  }
  const auto pairs = book.pairs();
  CHECK(pairs.size() == SkewBook::kPairsMax);
  CHECK(book.counters().pairs_dropped == 1);
  bool has_first = false;
  bool has_second = false;
  for (const auto& pair : pairs) {
    has_first = has_first || pair.clock == "browser:0";
    has_second = has_second || pair.clock == "browser:1";
  }
  CHECK(has_first);
  CHECK_FALSE(has_second);
}

TEST_CASE("samples may come while somebody looks") {
  SkewBook book;
  std::thread writer([&] {
    for (int i = 0; i < 5000; ++i) book.add("browser:" + std::to_string(i % 300), "host", i, i);
  });
  for (int i = 0; i < 50; ++i) CHECK(book.pairs().size() <= SkewBook::kPairsMax);
  writer.join();
  CHECK(book.counters().samples == 5000);
}

}  // namespace
}  // namespace gasoline::skew
