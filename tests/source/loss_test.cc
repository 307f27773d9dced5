#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "source/follower_rig.h"

namespace gasoline::source {
namespace {

namespace fs = std::filesystem;
using test::FollowerRig;
using Lines = std::vector<std::string>;

std::string numbered(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

/// Ten lines of a.log are read, and what comes then cannot be.
struct Losing : FollowerRig {
  Losing() {
    timing.orphan_patience_us = 300'000;
    append("a.log", numbered(0, 10));
  }
  void read_ten() {
    begin();
    REQUIRE(until([&] { return intake.lines.size() == 10; }));
  }
  void shell(const std::string& command) const {
    REQUIRE(std::system(("cd " + logs.path() + " && " + command).c_str()) == 0);
  }
  bool tells(std::string_view text) const {
    return !intake.gaps.empty() && intake.gaps[0].find(text) != std::string::npos;
  }
  void expect_one_loss() {
    REQUIRE(until([&] { return follower->snapshot().losses == 1; }));
    settle();
    CHECK(intake.gaps.size() == 1);
    CHECK(follower->snapshot().losses == 1);
    CHECK(tells("\"path\":\"" + at("a.log") + "\",\"gap\":{\"lines\":0,\"bytes\":"));
  }
};

TEST_CASE("what was cut off before it was read is a gap of its origin, told once across a crash") {
  Losing rig;
  rig.read_ten();
  const std::string id = rig.intake.marks.begin()->first;
  rig.intake.is_log_broken = true;  // so that nothing more is read for good
  const std::string lost = numbered(10, 1'000);
  rig.append("a.log", lost);
  rig.settle();
  fs::resize_file(rig.at("a.log"), 0);
  rig.append("a.log", "new\n");
  rig.settle();
  CHECK(rig.intake.gaps.empty());
  CHECK(rig.follower->snapshot().losses == 0);
  rig.intake.is_log_broken = false;
  rig.expect_one_loss();
  CHECK(rig.follower->snapshot().lost_bytes == lost.size());
  CHECK(rig.tells("\"bytes\":" + std::to_string(lost.size()) + ","));
  CHECK(rig.tells("no copy of it was found"));
  CHECK(rig.intake.marks.at(id) == numbered(0, 10).size() + lost.size());
  CHECK(rig.intake.lines.back() == "new");
  rig.crash();
  rig.begin();
  rig.settle();
  CHECK(rig.intake.gaps.size() == 1);
}

TEST_CASE("a copy that is shorter than the file was is a gap") {
  Losing rig;
  rig.read_ten();
  rig.intake.is_log_broken = true;
  rig.append("a.log", numbered(10, 10));
  rig.settle();
  rig.intake.is_log_broken = false;
  rig.append("a.log.1", numbered(0, 15));
  fs::resize_file(rig.at("a.log"), 0);
  rig.append("a.log", "new\n");
  rig.expect_one_loss();
  CHECK(rig.follower->snapshot().lost_bytes == numbered(15, 5).size());
  CHECK(rig.tells("they are not in the copy"));
  CHECK(rig.intake.lines.size() == 16);
}

TEST_CASE("a rotated file that cannot be read is a gap which names it") {
  Losing rig;
  rig.read_ten();
  rig.crash();
  // Incompressible, so that the damage is behind the place that was read.
  rig.shell("head -c 200000 /dev/urandom | base64 >> a.log");
  SECTION("damaged") {
    rig.shell("gzip < a.log > a.log.1.gz && truncate -s -1000 a.log.1.gz");
    rig.shell("rm a.log");
  }
  SECTION("of a kind that is not unpacked") { rig.shell("mv a.log a.log.1.lz4"); }
  rig.append("a.log", "new\n");
  rig.begin();
  rig.expect_one_loss();
  CHECK(rig.tells("a.log.1."));
  CHECK(rig.intake.lines.size() >= 11);
}

TEST_CASE("a file that was not there for a while loses nothing, though its loss was told") {
  Losing rig;
  rig.read_ten();
  rig.intake.is_log_broken = true;
  rig.append("a.log", numbered(10, 10));
  rig.settle();
  rig.end();
  rig.intake.is_log_broken = false;
  rig.shell("mkdir away && mv a.log away");
  rig.begin();
  rig.expect_one_loss();
  rig.shell("mv away/a.log .");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 20; }));
  CHECK(rig.intake.lines.back() == "line 19");
}

TEST_CASE("what is to be told while the event log takes nothing is bounded, and counted") {
  Losing rig;
  rig.timing.orphan_patience_us = 1'000'000'000'000;
  rig.read_ten();
  rig.intake.is_log_broken = true;
  std::string last = rig.intake.marks.begin()->first;
  for (size_t i = 0; i < 4 * Follower::kOrphansMax; ++i) {
    fs::resize_file(rig.at("a.log"), 0);
    rig.append("a.log", "life " + std::to_string(i) + "\n" + std::string(100 + i % 7, 'x') + "\n");
    REQUIRE(rig.until([&] {
      rig.clock.offset_us += 300'000;  // as if it had waited before it tried again
      const auto followed = rig.follower->snapshot().followed;
      return std::any_of(followed.begin(), followed.end(), [&](const Followed& each) {
        return each.name == rig.at("a.log") && each.run_id != last && each.offset_bytes == 0 &&
               each.size_bytes > 100;
      });
    }));
    for (const Followed& each : rig.follower->snapshot().followed) {
      if (each.name == rig.at("a.log")) last = each.run_id;
    }
  }
  CHECK(rig.follower->snapshot().followed.size() <= 2 * Follower::kOrphansMax + 3);
  CHECK(rig.follower->snapshot().losses >= Follower::kOrphansMax);
  CHECK(rig.intake.gaps.empty());
}

}  // namespace
}  // namespace gasoline::source
