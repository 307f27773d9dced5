#include <catch2/catch.hpp>

#include "source/file/known_copies.h"

namespace gasoline::source {
namespace {

TEST_CASE("copies are known by inode and time, and the first is forgotten when there are too many") {
  KnownCopies copies;
  for (uint64_t i = 0; i < KnownCopies::kCopiesMax; ++i) copies.add({i, 7});
  copies.add({1, 7});
  CHECK(copies.size() == KnownCopies::kCopiesMax);
  CHECK(copies.contains({0, 7}));
  CHECK_FALSE(copies.contains({0, 8}));
  copies.add({0, 8});
  CHECK(copies.size() == KnownCopies::kCopiesMax);
  CHECK_FALSE(copies.contains({0, 7}));
  CHECK(copies.contains({1, 7}));
  CHECK(copies.contains({0, 8}));
  copies.clear();
  CHECK(copies.size() == 0);
  copies.add({0, 7});
  CHECK(copies.contains({0, 7}));
}

}  // namespace
}  // namespace gasoline::source
