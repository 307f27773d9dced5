#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include "event/gap.h"
#include "source/ssh/ssh_rig.h"
#include "support/seed.h"

namespace gasoline::source::ssh {
namespace {

using config::Start;
using test::HostRig;

std::string numbered(int first, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "line " + std::to_string(first + i) + "\n";
  return text;
}

/// What is wrong with the lines that arrived, against "line 0" ... "line count-1"; empty if
/// nothing.
std::string wrong_with(const HostRig& rig, int count) {
  std::multiset<std::string> got;
  for (const std::string& line : rig.intake.texts()) got.insert(line);
  std::string wrong;
  for (int i = 0; i < count; ++i) {
    const std::string line = "line " + std::to_string(i);
    const size_t times = got.count(line);
    if (times != 1) wrong += line + " came " + std::to_string(times) + " times; ";
    got.erase(line);
    if (wrong.size() > 500) break;
  }
  if (!got.empty() && wrong.empty()) wrong = "never written: " + *got.begin();
  return wrong;
}

TEST_CASE("what is in a file and what comes to it arrives once, with host and file") {
  HostRig rig;
  rig.append("a.log", numbered(0, 3));
  rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 3; }));
  rig.append("a.log", "line 3\nline");
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 4; }));
  rig.run_for(100'000);
  CHECK(rig.intake.count() == 4);
  rig.append("a.log", " 4\n");
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 5; }));
  CHECK(wrong_with(rig, 5).empty());
  const auto& line = rig.intake.lines.begin()->second.front();
  CHECK(line.metadata == "\"host\":\"web1\",\"file\":\"" + rig.path("a.log") + "\"");
  CHECK(rig.made == 1);
}

TEST_CASE(
    "a file that is seen first is read from its end, one that comes later from its beginning") {
  HostRig rig;
  rig.append("a.log", "history\n");
  rig.start({rig.watch("*.log", Start::kEnd)});
  REQUIRE(rig.eventually([&] { return rig.reader->snapshot().followed.size() == 1; }));
  rig.append("a.log", numbered(0, 1));
  rig.append("b.log", numbered(1, 1));
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 2; }));
  rig.stop();
  rig.append("c.log", numbered(2, 1));
  rig.append("a.log", numbered(3, 1));
  rig.start({rig.watch("*.log", Start::kEnd)});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 4; }));
  CHECK(wrong_with(rig, 4).empty());
}

TEST_CASE("with start: recent, only a file that was written lately is read from its beginning") {
  HostRig rig;
  rig.append("new.log", "line 0\n");
  rig.append("old.log", "old\n");
  const timespec yesterday[2] = {{::time(nullptr) - 86'400, 0}, {::time(nullptr) - 86'400, 0}};
  REQUIRE(::utimensat(AT_FDCWD, rig.path("old.log").c_str(), yesterday, 0) == 0);
  Watch watch = rig.watch("*.log", Start::kRecent);
  watch.recent_us = 3'600'000'000;
  rig.start({watch});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 1; }));
  rig.append("old.log", "line 1\n");
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 2; }));
  CHECK(wrong_with(rig, 2).empty());
}

TEST_CASE("what is left out is named by its path or by its last part") {
  HostRig rig;
  for (const std::string name : {"a.log", "debug.log", "trace.log"}) rig.append(name, name + "\n");
  Watch watch = rig.watch("*.log");
  watch.exclude = {"debug*", rig.path("t*.log")};
  rig.start({watch});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 1; }));
  rig.append("debug.log", "more\n");
  rig.append("a.log", "line 1\n");
  REQUIRE(rig.eventually([&] { return rig.intake.count() >= 2; }));
  CHECK(rig.intake.count() == 2);
}

TEST_CASE("a link that is cut again and again costs no line and repeats none") {
  HostRig rig;
  rig.start({rig.watch("a.log")});
  for (int i = 0; i < 6; ++i) {
    rig.append("a.log", numbered(10 * i, 10));
    REQUIRE(rig.eventually([&] { return rig.intake.count() >= static_cast<size_t>(10 * i + 5); }));
    rig.cut_link();
    const uint64_t made = rig.made;
    REQUIRE(rig.eventually([&] { return rig.made > made; }));
  }
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 60; }));
  CHECK(wrong_with(rig, 60).empty());
}

/// Rotates as logrotate does, keeping `kept` files.
void shift(const HostRig& rig, const std::string& name, int kept = 20) {
  for (int i = kept; i > 0; --i) {
    const std::string from = rig.path(name + "." + std::to_string(i));
    if (::access(from.c_str(), F_OK) == 0) {
      ::rename(from.c_str(), rig.path(name + "." + std::to_string(i + 1)).c_str());
    }
  }
}

void rotate(const HostRig& rig, const std::string& name, bool creates = true) {
  shift(rig, name);
  ::rename(rig.path(name).c_str(), rig.path(name + ".1").c_str());
  if (creates) rig.append(name, "");
}

void copy_and_truncate(const HostRig& rig, const std::string& name) {
  shift(rig, name);
  std::filesystem::copy_file(rig.path(name), rig.path(name + ".1"));
  ::truncate(rig.path(name).c_str(), 0);
}

TEST_CASE("what was written before, during and after a rotation arrives once") {
  HostRig rig;
  rig.start({rig.watch("a.log")});
  rig.append("a.log", numbered(0, 5));
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 5; }));

  SECTION("while the link stands") {}
  SECTION("while it is cut") {
    rig.write_script("exit 255");
    rig.cut_link();
    REQUIRE(rig.eventually([&] { return rig.reader->failures() > 0; }));
  }
  SECTION("while we are dead") {
    rig.crash();
  }

  rig.append("a.log", numbered(5, 5));
  rotate(rig, "a.log");
  // The writer has not noticed yet.
  rig.append("a.log.1", numbered(10, 5));
  rig.append("a.log", numbered(15, 5));
  rotate(rig, "a.log");
  rig.append("a.log", numbered(20, 5));
  rotate(rig, "a.log", false);
  rig.append("a.log", numbered(25, 5));
  rig.write_script("echo $$ >" + rig.state.path() + "/pid; exec sh -s");
  if (!rig.reader) rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually([&] { return rig.intake.count() >= 30; }));
  rig.append("a.log.3", numbered(30, 1));
  REQUIRE(rig.eventually([&] { return rig.intake.count() >= 31; }));
  CHECK(wrong_with(rig, 31).empty());
  CHECK(rig.reader->snapshot().losses == 0);
}

TEST_CASE("copytruncate is read to the end of the copy, also when the file has outgrown it since") {
  HostRig rig;
  rig.start({rig.watch("a.log")});
  rig.append("a.log", numbered(0, 5));
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 5; }));
  SECTION("while the link stands") {}
  SECTION("while we are dead") {
    rig.crash();
  }
  rig.append("a.log", numbered(5, 2));
  copy_and_truncate(rig, "a.log");
  rig.append("a.log", numbered(7, 40));
  if (!rig.reader) rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually([&] { return rig.intake.count() >= 47; }));
  rig.append("a.log", numbered(47, 1));
  REQUIRE(rig.eventually([&] { return rig.intake.count() >= 48; }));
  CHECK(wrong_with(rig, 48).empty());
}

TEST_CASE("an unfinished last line of a file that was rotated away is still told") {
  HostRig rig;
  rig.start({rig.watch("a.log")});
  rig.append("a.log", "line 0\nline 1");
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 1; }));
  rotate(rig, "a.log");
  rig.append("a.log", "line 2\n");
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 3; }));
  CHECK(wrong_with(rig, 3).empty());
}

/// The metadata of the gap events of all origins.
std::vector<std::string> gaps(const HostRig& rig) {
  std::vector<std::string> found;
  for (const auto& [origin, lines] : rig.intake.lines) {
    for (const auto& line : lines) {
      if (line.text == event::kGapMessage) found.push_back(line.metadata);
    }
  }
  return found;
}

TEST_CASE("what was deleted before it could be read is counted as lost, and told once") {
  HostRig rig;
  rig.start({rig.watch("a.log")});
  rig.append("a.log", numbered(0, 1));
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 1; }));
  rig.intake.is_full = [] { return true; };
  rig.append("a.log", numbered(1, 2'000'000));
  REQUIRE(rig.eventually([&] {
    const auto followed = rig.reader->snapshot().followed;
    return !followed.empty() && followed[0].size_bytes > Follower::kPendingBytesMax;
  }));
  rig.run_for(500'000);
  ::unlink(rig.path("a.log").c_str());
  REQUIRE(rig.eventually([&] { return rig.reader->snapshot().losses == 1; }));
  CHECK(rig.reader->snapshot().lost_bytes > 0);
  CHECK(rig.reader->snapshot().rejected_full > 0);
  rig.intake.is_full = [] { return false; };
  REQUIRE(rig.eventually([&] {
    const auto followed = rig.reader->snapshot().followed;
    return followed.empty() || followed[0].problem == "No such file or directory";
  }));
  REQUIRE(rig.eventually([&] { return gaps(rig).size() == 1; }));
  const auto& lines = rig.intake.lines.begin()->second;
  CHECK(lines.back().text == event::kGapMessage);
  const std::string bytes = std::to_string(rig.reader->snapshot().lost_bytes);
  CHECK(lines.back().metadata.find("\"bytes\":" + bytes) != std::string::npos);
  // As kill -9 would end us, with what the checkpoint says of the time before it was told.
  rig.crash();
  rig.start({rig.watch("a.log")});
  rig.append("a.log", "line x\n");
  REQUIRE(rig.eventually([&] { return rig.intake.texts().back() == "line x" ||
                                      rig.intake.lines.size() > 1; }));
  rig.run_for(300'000);
  CHECK(gaps(rig).size() == 1);
}

TEST_CASE("a file that was compressed before it was read is told of once") {
  HostRig rig;
  rig.start({rig.watch("a.log")});
  rig.append("a.log", numbered(0, 5));
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 5; }));
  rig.stop();
  // Two rotations while nobody looked, and the first of the two files has been packed since.
  rotate(rig, "a.log");
  rig.append("a.log", "line y\n");
  rotate(rig, "a.log");
  ::unlink(rig.path("a.log.1").c_str());
  rig.append("a.log.1.gz", "packed\n");
  rig.append("a.log", numbered(5, 3));
  rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 9; }));
  rig.run_for(300'000);
  REQUIRE(gaps(rig).size() == 1);
  CHECK(gaps(rig)[0].find("compressed") != std::string::npos);
  CHECK(rig.reader->snapshot().losses == 1);
}

TEST_CASE("missing files, closed directories and directories are said in plain words, and healed") {
  HostRig rig;
  ::mkdir(rig.path("d.log").c_str(), 0700);
  rig.start({rig.watch("a.log"), rig.watch("x/*.log"), rig.watch("d.log")});
  const auto problem_of = [&](const std::string& name) {
    for (const Followed& followed : rig.reader->snapshot().followed) {
      if (followed.name.ends_with("/" + name)) return followed.problem;
    }
    return std::string();
  };
  REQUIRE(rig.eventually([&] { return problem_of("d.log") == "Is not a regular file"; }));
  CHECK(problem_of("a.log") == "No such file or directory");
  CHECK(problem_of("x/*.log") == "no file matches");
  rig.append("a.log", "line 0\n");
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 1; }));
  CHECK(problem_of("a.log").empty());
}

TEST_CASE("when the event log cannot be written the same lines are offered until it can") {
  HostRig rig;
  uint64_t asked = 0;
  rig.intake.is_failing = [&] { return ++asked % 3 != 0; };
  rig.intake.is_full = [&] { return asked % 5 == 4 && ++asked > 0; };
  rig.append("a.log", numbered(0, 25'000));
  rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 25'000; }));
  CHECK(wrong_with(rig, 25'000).empty());
}

TEST_CASE("a pipeline that does not answer is given no more than a few batches of a file") {
  HostRig rig;
  rig.intake.is_silent = true;
  rig.append("a.log", numbered(0, 200'000));
  rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually(
      [&] { return rig.intake.undelivered() == HostReader::kBatchesOfOneMax; }));
  rig.run_for(300'000);
  CHECK(rig.intake.undelivered() == HostReader::kBatchesOfOneMax);
  rig.intake.is_silent = false;
  REQUIRE(rig.eventually([&] { return rig.intake.count() == 200'000; }));
  CHECK(wrong_with(rig, 200'000).empty());
  CHECK(rig.intake.repeated_lines == 0);
}

TEST_CASE("a large backlog arrives whole and in order, with bounded memory in between") {
  HostRig rig;
  constexpr int kLines = 400'000;
  rig.append("a.log", numbered(0, kLines));
  rig.start({rig.watch("a.log")});
  REQUIRE(rig.eventually([&] { return rig.intake.count() == kLines; }));
  const auto& lines = rig.intake.lines.begin()->second;
  bool is_in_order = true;
  for (int i = 0; i < kLines; ++i) {
    is_in_order &= lines[static_cast<size_t>(i)].text == "line " + std::to_string(i);
  }
  CHECK(is_in_order);
}

/// Does at random what happens to logs, to us and to networks.
class Mischief {
 public:
  Mischief(HostRig& rig, uint64_t seed) : rig_(rig), random_(seed) {}

  void step() {
    switch (random_.next_u64() % 12) {
      case 0:
        rotate(rig_, "a.log", random_.next_u64() % 2 == 0);
        break;
      case 1:
        // The writer still has the old one.
        if (::access(rig_.path("a.log.1").c_str(), F_OK) == 0) write("a.log.1");
        break;
      case 2:
        rig_.cut_link();
        break;
      case 3:
        rig_.crash();
        rig_.start({rig_.watch("*.log")});
        break;
      case 4:
        rig_.run_for(static_cast<int64_t>(random_.next_u64() % 60'000));
        break;
      default:
        write("a.log");
    }
    if (random_.next_u64() % 3 == 0) rig_.run_for(2'000);
  }
  int written() const { return written_; }
  void write(const std::string& name) {
    const int count = static_cast<int>(1 + random_.next_u64() % 20);
    rig_.append(name, numbered(written_, count));
    written_ += count;
  }

 private:
  HostRig& rig_;
  SeededRandom random_;
  int written_ = 0;
};

TEST_CASE("whatever happens to the file, to the link and to us, every line arrives once") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  for (const char* shell : {"sh -s", "busybox sh -s"}) {
    if (std::string_view(shell).starts_with("busybox") && ::access("/bin/busybox", X_OK) != 0)
      continue;
    HostRig rig(shell);
    rig.start({rig.watch("*.log")});
    Mischief mischief(rig, seed);
    mischief.write("a.log");
    // What was created and rotated away before a path was seen at all would be history.
    REQUIRE(rig.eventually(
        [&] { return rig.intake.count() == static_cast<size_t>(mischief.written()); }));
    for (int i = 0; i < 60; ++i) mischief.step();
    INFO(shell);
    CHECK(rig.eventually(
        [&] { return rig.intake.count() >= static_cast<size_t>(mischief.written()); }));
    rig.run_for(200'000);
    CHECK(wrong_with(rig, mischief.written()) == "");
  }
}

}  // namespace
}  // namespace gasoline::source::ssh
