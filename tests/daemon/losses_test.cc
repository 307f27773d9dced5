#include "daemon/losses.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "daemon/problems.h"

namespace gasoline::daemon {
namespace {

constexpr int64_t kStartUs = 50'000'000;

std::vector<Problem> told(LossMemory& memory, const LossCounts& counts, int64_t now_us) {
  std::vector<Problem> problems;
  memory.add_problems(counts, now_us, problems);
  return problems;
}

TEST_CASE("each kind of loss has a sentence with its number, and its own advice") {
  LossMemory memory;
  LossCounts counts{};
  CHECK(told(memory, counts, kStartUs).empty());
  std::set<std::string> sentences;
  for (size_t i = 0; i < kLosses; ++i) {
    CHECK_FALSE(advice_on(static_cast<Loss>(i)).what.empty());
    counts = {};
    counts[i] = 4711;
    LossMemory fresh;
    const std::vector<Problem> problems = told(fresh, counts, kStartUs);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].what.find("4711") != std::string::npos);
    CHECK_FALSE(problems[0].remedy.empty());
    sentences.insert(problems[0].what);
  }
  CHECK(sentences.size() == kLosses);
}

TEST_CASE("a loss is a problem for an hour after it was seen to have grown") {
  LossMemory memory;
  LossCounts counts{};
  counts[static_cast<size_t>(Loss::kTailEvents)] = 5;
  CHECK(told(memory, counts, kStartUs).size() == 1);
  CHECK(told(memory, counts, kStartUs + LossMemory::kRecentUs).size() == 1);
  CHECK(told(memory, counts, kStartUs + LossMemory::kRecentUs + 1).empty());
  counts[static_cast<size_t>(Loss::kTailEvents)] = 6;
  const std::vector<Problem> again = told(memory, counts, kStartUs + 2 * LossMemory::kRecentUs);
  REQUIRE(again.size() == 1);
  CHECK(again[0].what.starts_with("6 events"));
}

TEST_CASE("a source that is not allowed to read is told how that can be mended") {
  CHECK(remedy_for_source("open: Permission denied").find("setfacl") != std::string::npos);
  CHECK(remedy_for_source("no such file").find("tried again") != std::string::npos);
}

}  // namespace
}  // namespace gasoline::daemon
