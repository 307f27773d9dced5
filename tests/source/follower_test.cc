#include "source/file/follower.h"

#include <malloc.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "source/follower_rig.h"

namespace gasoline::source {
namespace {

using test::FollowerRig;
using Lines = std::vector<std::string>;

std::unique_ptr<Watcher> inotify() {
  auto made = make_inotify_watcher();
  REQUIRE(made.has_value());
  return std::move(*made);
}

std::string numbered(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

TEST_CASE("lines are handed over with the offset behind them as their number") {
  FollowerRig rig;
  rig.append("shop.log", "one\r\ntwo\nunfinished");
  rig.begin(inotify());
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 2; }));
  CHECK(rig.intake.lines == Lines{"one", "two"});
  CHECK(rig.intake.marks.begin()->second == 9);
  CHECK(rig.intake.services[0] == "shop");
  CHECK(rig.intake.metadata[0] == "\"path\":\"" + rig.at("shop.log") + "\"");
  rig.append("shop.log", " is finished\n");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 3; }));
  CHECK(rig.intake.lines[2] == "unfinished is finished");
}

TEST_CASE("a line over the bound goes in pieces that say so") {
  FollowerRig rig;
  const std::string longest(Follower::kLineSizeBytesMax + 100, 'x');
  rig.append("a.log", longest + "\nnext\n");
  rig.begin();
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 3; }));
  CHECK(rig.intake.lines[0] + rig.intake.lines[1] == longest);
  CHECK(rig.intake.metadata[0].find("\"continued\":true") != std::string::npos);
  CHECK(rig.intake.metadata[1].find("\"continued\":true") != std::string::npos);
  CHECK(rig.intake.lines[2] == "next");
  CHECK(rig.intake.metadata[2].find("continued") == std::string::npos);
}

TEST_CASE("while the event log is broken nothing is passed over, and it goes on afterwards") {
  FollowerRig rig;
  rig.begin();
  rig.intake.is_log_broken = true;
  rig.append("a.log", numbered(0, 50'000));
  rig.settle();
  CHECK(rig.intake.lines.empty());
  rig.intake.is_log_broken = false;
  REQUIRE(rig.until([&] { return rig.intake.lines.size() >= 50'000; }));
  CHECK(rig.intake.lines.size() == 50'000);
  CHECK(rig.intake.lines.back() == "line 49999");
}

TEST_CASE("a full pipeline holds the reading back, within the bound of batches") {
  FollowerRig rig;
  rig.intake.room = 2;
  for (int i = 0; i < 20; ++i) rig.append(std::to_string(i) + ".log", numbered(0, 20'000));
  rig.begin();
  for (int i = 0; i < 50; ++i) rig.follower->work();
  CHECK(rig.intake.batches_waiting_most == 2);
  CHECK(rig.follower->snapshot().rejected_full > 0);
  rig.intake.room = 1000;
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 400'000; }));
  CHECK(rig.intake.batches_waiting_most <= Follower::kBatchesMax);
}

/// Of nobody's heap under a sanitizer, where it stays 0.
size_t heap_bytes() {
  const struct mallinfo2 heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

TEST_CASE("files with a backlog take less than 64 KiB of memory each, whatever waits in them") {
  constexpr size_t kFiles = 200;
  FollowerRig rig;
  rig.intake.room = Follower::kBatchesMax;
  rig.append("0.log", numbered(0, 10));
  rig.begin();
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 10; }));
  const size_t before = heap_bytes();
  const std::string backlog = numbered(0, 40'000);
  for (size_t i = 0; i < kFiles; ++i) rig.append(std::to_string(i) + ".log", backlog);
  // Nothing is answered: as much is on its way as may be, of as many files as may be.
  size_t most = 0;
  for (int i = 0; i < 2000; ++i) {
    rig.follower->work();
    most = std::max(most, heap_bytes());
  }
  CHECK(rig.follower->snapshot().followed.size() == kFiles);
  CHECK(rig.intake.batches_waiting_most == Follower::kBatchesMax);
  INFO((most - before) / kFiles << " bytes each");
  CHECK(most - before < kFiles * (64 << 10));
}

TEST_CASE("a large backlog does not hold up the other files") {
  FollowerRig rig;
  rig.append("a.log", numbered(0, 500'000));
  rig.append("b.log", "the other\n");
  rig.begin();
  REQUIRE(rig.until([&] {
    return std::find(rig.intake.lines.begin(), rig.intake.lines.end(), "the other") !=
           rig.intake.lines.end();
  }));
  CHECK(rig.intake.lines.size() < 250'000);
}

TEST_CASE("without a watch left a file is polled, and the status says why") {
  FollowerRig rig;
  rig.append("a.log", "a\n");
  rig.append("b.log", "b\n");
  rig.begin(std::make_unique<test::FewWatches>(inotify(), 1));
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 2; }));
  CHECK(rig.follower->snapshot().note.find("limit of inotify watches") != std::string::npos);
  rig.append("a.log", "more\n");
  rig.append("b.log", "more\n");
  CHECK(rig.until([&] { return rig.intake.lines.size() == 4; }));
}

TEST_CASE("a crash before the checkpoint was written again repeats and loses nothing") {
  FollowerRig rig;
  rig.append("a.log", numbered(0, 10));
  rig.begin();
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 10; }));
  rig.append("a.log", numbered(10, 10));
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 20; }));
  rig.crash();
  rig.append("a.log", numbered(20, 10));
  rig.begin();
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 30; }));
  rig.settle();
  CHECK(rig.intake.lines.size() == 30);
  CHECK(rig.intake.marks.size() == 1);
}

TEST_CASE("a file that was cut back to a part that was read goes on behind it") {
  FollowerRig rig;
  rig.append("a.log", numbered(0, 1'000));
  rig.begin();
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 1'000; }));
  rig.end();
  // As a power cut leaves it: its end never reached the disk.
  const std::string kept = numbered(0, 500);
  std::filesystem::resize_file(rig.at("a.log"), kept.size());
  rig.begin();
  rig.settle();
  rig.append("a.log", "after\n");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 1'001; }));
  rig.settle();
  CHECK(rig.intake.lines.size() == 1'001);
  CHECK(rig.intake.lines.back() == "after");
}

TEST_CASE("what was cut off before it was read, and is in no copy, is counted as lost") {
  FollowerRig rig;
  rig.timing.orphan_patience_us = 20'000;
  rig.intake.is_log_broken = true;  // so that nothing is read for good
  rig.append("a.log", numbered(0, 100'000));
  rig.begin();
  rig.settle();
  std::filesystem::resize_file(rig.at("a.log"), 0);
  rig.append("a.log", "new\n");
  rig.intake.is_log_broken = false;
  REQUIRE(rig.until([&] { return rig.follower->snapshot().losses == 1; }));
  CHECK(rig.follower->snapshot().lost_bytes > 0);
  REQUIRE(rig.until([&] { return !rig.intake.lines.empty() && rig.intake.lines.back() == "new"; }));
}

TEST_CASE("the last line of a rotated file is taken although nobody ends it") {
  FollowerRig rig;
  rig.timing.line_patience_us = 20'000;
  rig.append("a.log", "whole\nnot whole");
  rig.begin(inotify());
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 1; }));
  std::filesystem::rename(rig.at("a.log"), rig.at("a.log.1"));
  rig.append("a.log", "new\n");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 3; }));
  const auto found = std::find(rig.intake.lines.begin(), rig.intake.lines.end(), "not whole");
  REQUIRE(found != rig.intake.lines.end());
  const auto at = static_cast<size_t>(found - rig.intake.lines.begin());
  CHECK(rig.intake.metadata[at].find("\"unterminated\":true") != std::string::npos);
}

TEST_CASE("a deleted file is let go once it is quiet, and its mark with it") {
  FollowerRig rig;
  rig.timing.line_patience_us = 10'000;
  rig.timing.deleted_patience_us = 20'000;
  rig.append("a.log", "line\n");
  rig.begin(inotify());
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 1; }));
  const std::string id = rig.intake.marks.begin()->first;
  CHECK(rig.intake.held.at(id) == 1);
  std::filesystem::remove(rig.at("a.log"));
  CHECK(rig.until([&] { return rig.intake.held.at(id) == 0; }));
}

TEST_CASE("a file that is truncated again and again piles nothing up") {
  FollowerRig rig;
  rig.begin();
  for (size_t i = 0; i < 5 * Follower::kOrphansMax; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    rig.append("a.log", line + std::string(100 + i % 7, 'x') + "\n");
    REQUIRE(rig.until([&] { return rig.intake.lines.size() == 2 * (i + 1); }));
    std::filesystem::resize_file(rig.at("a.log"), 0);
    rig.settle();
  }
  CHECK(rig.follower->snapshot().followed.size() <= Follower::kOrphansMax + 2);
  CHECK(rig.follower->snapshot().losses == 0);
}

TEST_CASE("only so many rotated files are kept open") {
  FollowerRig rig;
  rig.timing.rotated_open_max = 2;
  rig.begin(inotify());
  for (int i = 1; i <= 5; ++i) {
    rig.append("a.log", "line " + std::to_string(i) + "\n");
    REQUIRE(rig.until([&] { return rig.intake.lines.size() == static_cast<size_t>(i); }));
    std::filesystem::rename(rig.at("a.log"), rig.at("a.log." + std::to_string(i)));
  }
  const auto rotated = [&] {
    const auto followed = rig.follower->snapshot().followed;
    return std::count_if(followed.begin(), followed.end(), [](const Followed& each) {
      return each.name.ends_with("(rotated)");
    });
  };
  REQUIRE(rig.until([&] { return rotated() == 2; }));
  rig.append("a.log.5", "late\n");
  CHECK(rig.until([&] { return rig.intake.lines.back() == "late"; }));
}

TEST_CASE("a checkpoint of another machine replays nothing and misplaces nothing") {
  FollowerRig rig;
  rig.settings.start = config::Start::kEnd;
  rig.append("a.log", "old\n");
  rig.clock.offset_us = 1'000'000;  // born before us
  rig.begin();
  rig.append("a.log", "one\n");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 1; }));
  rig.end();
  CheckpointFile file(rig.files, rig.state.path() + "/sources", "files");
  auto checkpoint = file.load();
  REQUIRE((checkpoint.has_value() && checkpoint->has_value()));
  (*checkpoint)->machine = "another";
  for (Checkpoint::Entry& entry : (*checkpoint)->generations) ++entry.birth_us;
  REQUIRE(file.save(**checkpoint).has_value());
  rig.intake.marks.clear();
  rig.append("a.log", "written while the checkpoint was away\n");
  rig.begin();
  rig.settle();
  CHECK(rig.follower->snapshot().note.find("another machine") != std::string::npos);
  rig.append("a.log", "two\n");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 2; }));
  CHECK(rig.intake.lines == Lines{"one", "two"});
  CHECK(rig.follower->snapshot().losses == 0);
}

TEST_CASE("files that were not written for longer than max_age are left alone until they are") {
  FollowerRig rig;
  rig.settings.max_age_us = 3'600'000'000;
  rig.append("a.log", "old\n");
  std::filesystem::last_write_time(rig.at("a.log"), std::filesystem::file_time_type::clock::now() -
                                                        std::chrono::hours(2));
  rig.clock.offset_us = 1'000'000;  // born before us
  rig.begin();
  rig.settle();
  CHECK(rig.intake.lines.empty());
  rig.append("a.log", "new\n");
  REQUIRE(rig.until([&] { return !rig.intake.lines.empty(); }));
  CHECK(rig.intake.lines == Lines{"new"});
}

TEST_CASE("what cannot be followed is said in plain words, and followed once it can be") {
  FollowerRig rig;
  rig.settings.paths = {rig.at("a.log")};
  rig.begin(inotify());
  CHECK(rig.follower->snapshot().followed.at(0).problem == "it is not there");
  std::filesystem::create_directory(rig.at("a.log"));
  REQUIRE(rig.until([&] {
    return rig.follower->snapshot().followed.at(0).problem == "it is a directory";
  }));
  std::filesystem::remove(rig.at("a.log"));
  rig.append("a.log", "line\n");
  REQUIRE(rig.until([&] { return rig.intake.lines.size() == 1; }));
  CHECK(rig.follower->snapshot().followed.at(0).state == Followed::State::kFollowing);
}

}  // namespace
}  // namespace gasoline::source
