#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <sstream>
#include <thread>

#include "io/real_file_system.h"
#include "journal/format.h"
#include "journal/journal_fixture.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

using journal::Writer;
using journal::WriterOptions;

constexpr const char* kDirectory = "/j";

void fill(FaultFileSystem& disk, uint64_t records) {
  WriterOptions options;
  options.segment_size_bytes = 2000;
  SeededRandom ids(1);
  ManualClock clock;
  auto writer = value_of(Writer::open(disk, kDirectory, options, clock, ids));
  for (uint64_t i = 1; i <= records; ++i) REQUIRE(writer->append(payload_of(i, i * 37 % 200)));
  must(writer->sync());
}

std::string segment_path(uint64_t first) {
  return std::string(kDirectory) + "/" + journal::segment_file_name(first);
}

/// Damages three places of the journal, the same for the same seed.
void damage_some(FaultFileSystem& disk, uint64_t seed) {
  SeededRandom random(seed);
  const auto report = value_of(journal::inspect(disk, kDirectory));
  for (int i = 0; i < 3; ++i) {
    const auto& segment = report.segments[random.next_u64() % report.segments.size()];
    const uint64_t at = random.next_u64() % segment.size_bytes;
    disk.damage(segment_path(segment.first_sequence), at,
                std::string(1 + random.next_u64() % 300, '#'));
  }
}

/// Reads the files of what was cut off: for each range its segment, its offset and its bytes.
std::map<std::pair<std::string, uint64_t>, std::string> cut_off(FaultFileSystem& disk) {
  std::map<std::pair<std::string, uint64_t>, std::string> ranges;
  for (const std::string& name : value_of(disk.list(kDirectory))) {
    if (name.find(".cut-") == std::string::npos) continue;
    std::istringstream file(disk.contents(std::string(kDirectory) + "/" + name));
    std::string segment;
    uint64_t offset = 0;
    size_t size = 0;
    while (file >> segment >> offset >> size) {
      REQUIRE(file.get() == '\n');
      std::string bytes(size, '\0');
      file.read(bytes.data(), static_cast<std::streamsize>(size));
      REQUIRE(file.get() == '\n');
      ranges[{segment, offset}] = bytes;
    }
  }
  return ranges;
}

}  // namespace

TEST_CASE("every byte of a damaged segment is, after its repair, in a record or kept beside it") {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    FaultFileSystem disk(seed);
    fill(disk, 60);
    damage_some(disk, seed);
    const ReadBack before = read_all(disk, kDirectory);
    const auto found = value_of(journal::inspect(disk, kDirectory));
    std::map<std::string, std::string> contents;
    for (const auto& segment : found.segments) {
      contents[segment.name] = disk.contents(segment_path(segment.first_sequence));
    }
    const auto repair = value_of(journal::repair(disk, kDirectory));
    INFO("seed " << seed);
    REQUIRE(read_all(disk, kDirectory).records == before.records);
    const auto kept = cut_off(disk);
    for (const auto& one : repair.repairs) {
      uint64_t sum = 0;
      for (const auto& [place, bytes] : kept) {
        if (place.first != one.segment) continue;
        REQUIRE(contents[place.first].substr(place.second, bytes.size()) == bytes);
        sum += bytes.size();
      }
      REQUIRE(sum == one.cut_bytes);
      uint64_t in_records = one.is_rewritten ? 0 : contents[one.segment].size() - one.cut_bytes;
      for (const auto& segment : repair.after.segments) {
        if (segment.name == one.segment && one.is_rewritten) in_records = segment.size_bytes;
      }
      // A header that was damaged is kept and made anew.
      REQUIRE(in_records + sum - contents[one.segment].size() <= journal::kSegmentHeaderSize);
      REQUIRE(in_records + sum >= contents[one.segment].size());
    }
    REQUIRE(value_of(journal::repair(disk, kDirectory)).repairs.empty());
  }
}

TEST_CASE("a torn tail is cut off and kept") {
  FaultFileSystem disk(1);
  fill(disk, 20);
  const auto report = value_of(journal::inspect(disk, kDirectory));
  const std::string newest = segment_path(report.segments.back().first_sequence);
  const uint64_t size = report.segments.back().size_bytes;
  must(value_of(disk.open(newest, io::OpenMode::kReadWrite))->truncate(size - 5));
  REQUIRE(value_of(journal::inspect(disk, kDirectory)).torn_tail_bytes > 0);
  const auto repair = value_of(journal::repair(disk, kDirectory));
  REQUIRE(repair.repairs.size() == 1);
  REQUIRE(!repair.repairs[0].is_rewritten);
  REQUIRE(repair.after.torn_tail_bytes == 0);
  REQUIRE(repair.after.records == 19);
  REQUIRE(cut_off(disk).begin()->second.size() == repair.repairs[0].cut_bytes);
}

TEST_CASE("a repair that fails or loses its power at any operation has lost no record") {
  for (const bool is_power_cut : {false, true}) {
    for (uint64_t seed = 1; seed <= 6; ++seed) {
      for (uint64_t at = 1;; ++at) {
        FaultFileSystem disk(seed * 1000 + at);
        fill(disk, 40);
        damage_some(disk, seed);
        const ReadBack before = read_all(disk, kDirectory);
        if (is_power_cut) {
          disk.cut_power_at(disk.operations() + at);
        } else {
          disk.fail(FaultFileSystem::kAny, at % 2 == 0 ? ENOSPC : EIO, disk.operations() + at, 1);
        }
        static_cast<void>(journal::repair(disk, kDirectory).has_value());
        const bool was_hit = disk.is_power_cut() || disk.failures() > 0;
        if (disk.is_power_cut()) disk.return_power();
        disk.fail(0, 0, 0, 0);
        disk.cut_power_at(UINT64_MAX);
        INFO("seed " << seed << ", operation " << at << (is_power_cut ? ", power" : ", error"));
        REQUIRE(read_all(disk, kDirectory).records == before.records);
        REQUIRE(!value_of(journal::repair(disk, kDirectory)).after.is_damaged());
        REQUIRE(read_all(disk, kDirectory).records == before.records);
        if (!was_hit) break;
      }
    }
  }
}

TEST_CASE("a repair refuses a journal that is being written, and does not make one") {
  FaultFileSystem disk(1);
  fill(disk, 10);
  SeededRandom ids(1);
  ManualClock clock;
  auto writer = value_of(Writer::open(disk, kDirectory, {}, clock, ids));
  REQUIRE(journal::repair(disk, kDirectory).error().code == Error::kLocked);
  REQUIRE(journal::repair(disk, "/nowhere").error().code == ENOENT);
  REQUIRE(!disk.status("/nowhere"));
  must(disk.make_directory("/empty"));
  REQUIRE(journal::repair(disk, "/empty").error().code == Error::kInvalid);
  REQUIRE(value_of(disk.list("/empty")).empty());
}

TEST_CASE("a live journal is found sound, at any rate of rotation, release and recycling") {
  TemporaryDirectory at;
  io::RealFileSystem files;
  SystemClock clock;
  SeededRandom random(1);
  WriterOptions options;
  options.segment_size_bytes = 20'000;
  options.sync = journal::SyncPolicy::kNever;
  auto writer = value_of(Writer::open(files, at / "j", options, clock, random));
  std::atomic<bool> is_done{false};
  std::atomic<bool> has_failed{false};
  std::thread writing([&] {
    for (uint64_t i = 1; !is_done.load(); ++i) {
      has_failed = has_failed || !writer->append(payload_of(i, i * 37 % 700));
      // Sometimes few records are kept, sometimes many.
      const uint64_t kept = i % 4000 < 2000 ? 20 : 300;
      if (i % 10 == 0 && i > kept) has_failed = has_failed || !writer->release_before(i - kept);
    }
  });
  std::string wrong;
  uint64_t inspected = 0;
  while (wrong.empty() && !has_failed.load() &&
         (inspected < 1000 || writer->next_sequence() < 200'000)) {
    const auto report = journal::inspect(files, at / "j");
    // Segments may come and go faster than they can be listed.
    if (!report && report.error().code == Error::kInvalid) continue;
    if (!report) {
      wrong = report.error().to_string();
    } else if (report->is_damaged() || report->missing_records > 0) {
      const journal::Corruption& first = report->corruptions.at(0);
      wrong = first.segment + " at " + std::to_string(first.offset);
    }
    ++inspected;
  }
  is_done = true;
  writing.join();
  REQUIRE(wrong == "");
  REQUIRE(!has_failed.load());
}

}  // namespace gasoline::test
