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

/// Files come, are rotated and come again while nobody looks: what the follower finds then is the
/// last of several, and the lines of the others are in rotated files that it has never seen.
struct Unseen : FollowerRig {
  Unseen() {
    settings.start = config::Start::kEnd;  // so that only what is new is read
    settings.paths = {at("a.log")};
  }

  Lines sorted() const {
    Lines lines = intake.lines;
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  void expect(const Lines& wanted) {
    CHECK(until([&] { return intake.lines.size() >= wanted.size(); }));
    settle();
    CHECK(sorted() == wanted);
  }
  void rename(const std::string& from, const std::string& to) const { fs::rename(at(from), at(to)); }
  void copy_and_truncate(const std::string& from, const std::string& to) const {
    fs::copy_file(at(from), at(to));
    fs::resize_file(at(from), 0);
  }
  void compress(const std::string& name) const {
    REQUIRE(std::system(("gzip " + at(name)).c_str()) == 0);
  }
  /// File systems know the time to a few milliseconds only.
  void await_later_birth(const std::string& than) {
    CHECK(until([&] {
      fs::remove(at("probe"));
      append("probe", "");
      return look_at(at("probe"))->birth_us > look_at(at(than))->birth_us;
    }));
  }
  /// As if the files had been made before it was started.
  void age_files() { clock.offset_us += 1'000'000; }
};

TEST_CASE("a file that was rotated before it was first seen is read from its beginning") {
  Unseen rig;
  rig.begin();
  rig.settle();
  rig.append("a.log", "1\n2\n");
  SECTION("renamed") { rig.rename("a.log", "a.log.1"); }
  SECTION("copied and truncated") { rig.copy_and_truncate("a.log", "a.log.1"); }
  SECTION("renamed and compressed") {
    rig.rename("a.log", "a.log.1");
    rig.compress("a.log.1");
  }
  SECTION("renamed, and the next one begins alike") {
    rig.rename("a.log", "a.log.1");
    rig.await_later_birth("a.log.1");
    rig.append("a.log", "1\n2\n3\n");
    return rig.expect({"1", "1", "2", "2", "3"});
  }
  SECTION("twice") {
    rig.rename("a.log", "a.log.2");
    rig.append("a.log", "22\n");
    rig.rename("a.log", "a.log.1");
    rig.append("a.log", "3\n");
    return rig.expect({"1", "2", "22", "3"});
  }
  rig.append("a.log", "3\n");
  rig.expect({"1", "2", "3"});
}

TEST_CASE("a target that a link no longer names when it is first seen is read from its beginning") {
  Unseen rig;
  fs::create_symlink("a-0.log", rig.at("a.log"));
  rig.begin();
  rig.settle();
  rig.append("a-0.log", "1\n");
  fs::create_symlink("a-1.log", rig.at("new"));
  rig.rename("new", "a.log");
  rig.append("a-1.log", "2\n");
  rig.expect({"1", "2"});
}

TEST_CASE("a file that came and was rotated while we were down is read from its beginning") {
  Unseen rig;
  rig.begin();
  const bool is_seen_empty = GENERATE(false, true);
  if (is_seen_empty) rig.append("a.log", "");
  rig.settle();
  rig.crash();
  rig.append("a.log", "1\n");
  SECTION("renamed") { rig.rename("a.log", "a.log.1"); }
  SECTION("copied and truncated") { rig.copy_and_truncate("a.log", "a.log.1"); }
  SECTION("compressed") {
    rig.copy_and_truncate("a.log", "a.log.1");
    rig.compress("a.log.1");
  }
  rig.append("a.log", "2\n");
  rig.age_files();
  rig.begin();
  rig.expect({"1", "2"});
}

TEST_CASE("what an empty file had when nobody looked is found in its copy") {
  Unseen rig;
  rig.append("a.log", "");
  rig.begin();
  rig.settle();
  rig.append("a.log", "1\n2\n");
  rig.copy_and_truncate("a.log", "a.log.1");
  SECTION("and it is empty again") { rig.expect({"1", "2"}); }
  SECTION("and it has grown again") {
    rig.append("a.log", "3\n4\n5\n");
    rig.expect({"1", "2", "3", "4", "5"});
  }
}

TEST_CASE("what was rotated before we came is history, and stays so") {
  Unseen rig;
  rig.append("a.log", "old 1\n");
  rig.append("a.log.2", "old 0\n");
  rig.compress("a.log.2");
  rig.rename("a.log", "a.log.1");
  rig.append("a.log", "");
  rig.age_files();
  rig.begin();
  rig.settle();
  rig.append("a.log", "new\n");
  rig.expect({"new"});
  rig.copy_and_truncate("a.log", "a.log.3");
  rig.append("a.log", "and newer\n");
  rig.expect({"and newer", "new"});
}

}  // namespace
}  // namespace gasoline::source
