#include "journal/segment_pool.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>

#include "journal/journal_fixture.h"
#include "support/fault_file_system.h"

namespace gasoline::test {
namespace {

using journal::SegmentPool;

constexpr uint64_t kSize = SegmentPool::kSizeBytesMin;

void make_file(io::FileSystem& files, const std::string& path, uint64_t size_bytes) {
  auto file = files.open(path, io::OpenMode::kCreateExclusive);
  REQUIRE(file);
  REQUIRE((*file)->truncate(size_bytes));
}

bool exists(io::FileSystem& files, const std::string& path) {
  return files.status(path).has_value();
}

journal::WriterOptions small_segments(journal::SyncPolicy sync) {
  journal::WriterOptions options;
  options.segment_size_bytes = 20'000;
  options.recycled_segments_max = 0;
  options.sync = sync;
  options.pool_directory = "/spool/pool";
  return options;
}

constexpr uint64_t kFirstInPooled = 6;
const std::string kOldPath = "/spool/old/" + journal::segment_file_name(kFirstInPooled);

/// The second segment of a journal that ended, durable there, and then given to the pool.
void pool_full_segment(FaultFileSystem& disk, const Clock& clock, Random& random) {
  journal::WriterOptions options;
  options.recycled_segments_max = 0;
  auto old = journal::Writer::open(disk, "/spool/old", options, clock, random);
  REQUIRE(old);
  while ((*old)->next_sequence() < kFirstInPooled) REQUIRE((*old)->append("old"));
  REQUIRE((*old)->rotate());
  const std::string payload = "old" + std::string(4 << 20, '.');
  while (disk.status(kOldPath)->size_bytes < kSize) REQUIRE((*old)->append(payload));
  REQUIRE((*old)->sync());
  old->reset();
  SegmentPool pool(disk, "/spool/pool");
  REQUIRE(pool.make());
  REQUIRE(pool.give(kOldPath));
  REQUIRE(disk.list("/spool/pool")->size() == 1);
  REQUIRE(disk.sync_directory("/spool"));
}

/// Appends records, and begins the second segment where the old journal began its own.
void append_like_old(journal::Writer& writer, uint64_t records, uint64_t& synced) {
  for (uint64_t i = 1; i <= records; ++i) {
    if (i == kFirstInPooled && !writer.rotate()) return;
    if (!writer.append("new " + payload_of(i, 1'000))) return;
    if (i % 4 == 0) static_cast<void>(writer.sync());
    synced = writer.synced_sequence();
  }
}

/// True if all records of the journal are its own.
bool has_only(io::FileSystem& files, const std::string& directory, const std::string& whose,
              uint64_t& records) {
  auto reader = journal::Reader::open(files, directory, 1);
  REQUIRE(reader);
  const ReadBack back = read_on(**reader);
  records = back.records.size();
  return std::all_of(back.records.begin(), back.records.end(),
                     [&](const auto& record) { return record.second.starts_with(whose); });
}

}  // namespace

TEST_CASE("a pool keeps files of its size up to its bound, and removes the others") {
  FaultFileSystem disk(1);
  REQUIRE(io::make_directories(disk, "/spool/run"));
  SegmentPool pool(disk, "/spool/pool");
  REQUIRE(pool.make());
  REQUIRE(pool.make());  // as every journal does that uses it
  const auto give = [&](uint64_t size_bytes) {
    make_file(disk, "/spool/run/1.seg", size_bytes);
    CHECK(pool.give("/spool/run/1.seg"));
    CHECK_FALSE(exists(disk, "/spool/run/1.seg"));
    return disk.list("/spool/pool") ? disk.list("/spool/pool")->size() : 0;
  };
  CHECK(give(kSize - 1) == 0);
  CHECK(give(SegmentPool::kSizeBytesMax + 1) == 0);
  CHECK(give(kSize) == 1);
  for (size_t i = 1; i < SegmentPool::kSegmentsMax; ++i) {
    make_file(disk, "/spool/pool/run-" + std::to_string(i), 0);
  }
  CHECK(give(kSize) == SegmentPool::kSegmentsMax);
}

TEST_CASE("a pooled file is taken once, whoever comes first, and those of the last run before") {
  FaultFileSystem disk(1);
  REQUIRE(io::make_directories(disk, "/spool/pool"));
  REQUIRE(io::make_directories(disk, "/spool/run"));
  for (const char* name : {"B-1.seg", "A-1.seg"}) {
    make_file(disk, std::string("/spool/pool/") + name, kSize);
  }
  SegmentPool one(disk, "/spool/pool");
  SegmentPool other(disk, "/spool/pool");
  const auto take = [](SegmentPool& pool, const std::string& path) {
    const Result<bool> taken = pool.take(path, true);
    return taken && *taken;
  };
  CHECK(take(one, "/spool/run/first"));
  CHECK(exists(disk, "/spool/pool/A-1.seg"));
  CHECK(take(other, "/spool/run/second"));
  CHECK_FALSE(take(one, "/spool/run/third"));
  make_file(disk, "/spool/pool/C-1.seg", kSize);
  CHECK(take(one, "/spool/run/third"));
}

TEST_CASE("a pool that cannot be made or read costs nobody anything") {
  FaultFileSystem disk(1);
  REQUIRE(io::make_directories(disk, "/spool/run"));
  make_file(disk, "/spool/pool", 0);
  make_file(disk, "/spool/run/1.seg", kSize);
  SegmentPool pool(disk, "/spool/pool");
  CHECK(pool.give("/spool/run/1.seg"));
  CHECK_FALSE(exists(disk, "/spool/run/1.seg"));

  ManualClock clock;
  SeededRandom random(1);
  auto writer = journal::Writer::open(disk, "/spool/run",
                                      small_segments(journal::SyncPolicy::kInterval), clock, random);
  REQUIRE(writer);
  for (uint64_t i = 1; i <= 40; ++i) REQUIRE((*writer)->append(payload_of(i, 1'000)));
  CHECK((*writer)->closed_segments().size() > 1);
}

TEST_CASE("old records of a pooled file are never read, whatever is written over them") {
  for (const auto sync : {journal::SyncPolicy::kInterval, journal::SyncPolicy::kNever}) {
    FaultFileSystem disk(1);
    ManualClock clock;
    SeededRandom random(1);
    REQUIRE(io::make_directories(disk, "/spool"));
    pool_full_segment(disk, clock, random);
    auto writer = journal::Writer::open(disk, "/spool/new", small_segments(sync), clock, random);
    REQUIRE(writer);
    uint64_t synced = 0;
    uint64_t records = 0;
    for (uint64_t count = kFirstInPooled; count < kFirstInPooled + 8; ++count) {
      append_like_old(**writer, count == kFirstInPooled ? kFirstInPooled : 1, synced);
      // The old records stand right behind the last new one.
      CHECK(disk.status("/spool/new/" + journal::segment_file_name(6))->size_bytes >= kSize);
      CHECK(has_only(disk, "/spool/new", "new", records));
      CHECK(records == count);
    }
    CHECK(disk.list("/spool/pool")->empty());
  }
}

TEST_CASE("whenever the power goes, a pooled file has the records of one journal alone") {
  for (uint64_t cut = 1;; ++cut) {
    FaultFileSystem disk(cut * 7919);
    ManualClock clock;
    SeededRandom random(cut);
    REQUIRE(io::make_directories(disk, "/spool"));
    pool_full_segment(disk, clock, random);
    disk.cut_power_at(disk.operations() + cut);
    const auto options = small_segments(journal::SyncPolicy::kInterval);
    uint64_t synced = 1;
    if (auto writer = journal::Writer::open(disk, "/spool/new", options, clock, random)) {
      append_like_old(**writer, 30, synced);
    }
    const bool was_cut = disk.is_power_cut();
    disk.return_power();
    INFO("cut at operation " << cut);
    uint64_t records = 0;
    REQUIRE(has_only(disk, "/spool/old", "old", records));
    if (exists(disk, "/spool/new")) {
      REQUIRE(journal::Writer::open(disk, "/spool/new", options, clock, random));
      REQUIRE(has_only(disk, "/spool/new", "new", records));
      REQUIRE(records + 1 >= synced);
    }
    if (!was_cut) break;
    REQUIRE(cut < 500);
  }
}

TEST_CASE("where nobody takes from a pool nothing is given to one") {
  FaultFileSystem disk(1);
  REQUIRE(io::make_directories(disk, "/spool/run"));
  make_file(disk, "/spool/run/1.seg", kSize);
  CHECK(SegmentPool(disk, "/spool/pool").give("/spool/run/1.seg"));
  CHECK_FALSE(exists(disk, "/spool/run/1.seg"));
  CHECK_FALSE(exists(disk, "/spool/pool"));
}

TEST_CASE("emptied segments go to the pool, and are kept there for their time") {
  FaultFileSystem disk(1);
  ManualClock clock;
  SeededRandom random(1);
  journal::WriterOptions options;
  options.segment_size_bytes = kSize + (1 << 20);
  options.recycled_segments_max = 1;
  options.pool_directory = "/spool/pool";
  auto writer = journal::Writer::open(disk, "/spool/run", options, clock, random);
  REQUIRE(writer);
  SegmentPool pool(disk, "/spool/pool");
  REQUIRE(pool.make());
  const std::string payload(1 << 20, 'x');
  while ((*writer)->closed_segments().size() < 2) REQUIRE((*writer)->append(payload));
  REQUIRE((*writer)->release_before((*writer)->next_sequence()));
  CHECK(exists(disk, "/spool/run/spare-1"));
  REQUIRE(disk.list("/spool/pool")->size() == 1);
  const int64_t modified_us =
      disk.status("/spool/pool/" + disk.list("/spool/pool")->front())->modified_us;
  pool.expire(modified_us + SegmentPool::kTtlUs - 1);
  CHECK(disk.list("/spool/pool")->size() == 1);
  pool.expire(modified_us + SegmentPool::kTtlUs);
  CHECK(disk.list("/spool/pool")->empty());
}

}  // namespace gasoline::test
