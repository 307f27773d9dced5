#include "base/nearest.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

namespace gasoline {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"timeline", "sources", "status"};

TEST_CASE("a slip of the finger finds the name that was meant") {
  CHECK(nearest("timelin", kNames) == "timeline");
  CHECK(nearest("tiemline", kNames) == "timeline");
  CHECK(nearest("stats", kNames) == "status");
  CHECK_FALSE(nearest("frobnicate", kNames).has_value());
}

TEST_CASE("what is far too long to be a slip is not compared") {
  CHECK_FALSE(nearest(std::string(1 << 20, 's'), kNames).has_value());
}

}  // namespace
}  // namespace gasoline
