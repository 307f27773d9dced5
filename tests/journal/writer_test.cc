#include "journal/writer.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "io/real_file_system.h"
#include "journal/journal_fixture.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace {

std::atomic<uint64_t> allocations{0};

}  // namespace

// Sanitizers bring their own operators and check that they are paired: under them nothing is
// counted.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* room = std::malloc(size)) return room;
  throw std::bad_alloc();
}
void operator delete(void* room) noexcept {
  std::free(room);
}
void operator delete(void* room, size_t) noexcept {
  std::free(room);
}
#endif

namespace gasoline::test {
namespace {

using journal::Reader;
using journal::Writer;
using journal::WriterOptions;

struct Fixture {
  TemporaryDirectory temporary;
  io::RealFileSystem files;
  ManualClock clock;
  SeededRandom random{1};
  std::string directory = temporary / "journal";

  Result<std::unique_ptr<Writer>> open(WriterOptions options = {}) {
    return Writer::open(files, directory, options, clock, random);
  }
};

}  // namespace

TEST_CASE("append allocates nothing") {
  Fixture at;
  auto writer = value_of(at.open());
  const std::string line(120, 'x');
  const std::string_view parts[] = {line, line, line};
  REQUIRE(writer->append(parts));
  const uint64_t before = allocations.load();
  bool is_good = true;
  for (int i = 0; i < 1000; ++i) {
    is_good = is_good && writer->append(parts).has_value();
    at.clock.now_us += 1000;
  }
  REQUIRE(allocations.load() == before);
  REQUIRE(is_good);
}

TEST_CASE("reading allocates nothing per record") {
  Fixture at;
  auto writer = value_of(at.open());
  for (int i = 0; i < 5000; ++i) REQUIRE(writer->append("a record of the usual size, or so"));
  auto reader = value_of(Reader::open(at.files, at.directory));
  for (int i = 0; i < 3000; ++i) static_cast<void>(reader->read_next());
  const uint64_t before = allocations.load();
  bool is_good = true;
  for (int i = 0; i < 1900; ++i) {
    is_good = is_good && std::holds_alternative<journal::Record>(reader->read_next());
  }
  REQUIRE(allocations.load() == before);
  REQUIRE(is_good);
}

TEST_CASE("a second writer is refused and told who has the journal") {
  Fixture at;
  auto writer = value_of(at.open());
  const auto second = at.open();
  REQUIRE(second.error().code == Error::kLocked);
  const std::string owner = "process " + std::to_string(::getpid());
  REQUIRE(second.error().to_string().find(owner) != std::string::npos);
  writer.reset();
  REQUIRE(at.open());
}

TEST_CASE("a payload may be empty or as large as the limit, and no larger") {
  Fixture at;
  auto writer = value_of(at.open());
  const std::string largest = payload_of(1, journal::kPayloadSizeMax);
  REQUIRE(value_of(writer->append(largest)) == 1);
  REQUIRE(value_of(writer->append(std::string_view())) == 2);
  REQUIRE(writer->append(largest + "x").error().code == Error::kTooLarge);
  const std::vector<std::string_view> parts(Writer::kPartsMax, "x");
  REQUIRE(value_of(writer->append(parts)) == 3);
  const std::vector<std::string_view> too_many(Writer::kPartsMax + 1, "x");
  REQUIRE(writer->append(too_many).error().code == Error::kTooLarge);
  const ReadBack back = read_all(at.files, at.directory);
  REQUIRE(back.records.size() == 3);
  REQUIRE((back.records[0].second == largest));
  REQUIRE(back.records[1].second.empty());
  REQUIRE(back.records[2].second == std::string(Writer::kPartsMax, 'x'));
}

TEST_CASE("a record larger than a segment gets a segment of its own") {
  Fixture at;
  WriterOptions options;
  options.segment_size_bytes = 100;
  auto writer = value_of(at.open(options));
  for (uint64_t i = 1; i <= 4; ++i) REQUIRE(writer->append(payload_of(i, 1000)));
  REQUIRE(value_of(journal::inspect(at.files, at.directory)).segments.size() == 4);
  must(writer->release_before(4));
  REQUIRE(writer->first_sequence() == 4);
  REQUIRE(writer->size_bytes() == journal::kSegmentHeaderSize + journal::kRecordHeaderSize + 1000);
}

TEST_CASE("symbolic links in place of the journal's files are refused") {
  namespace fs = std::filesystem;
  Fixture at;
  const std::string outside = at.temporary / "outside";
  { REQUIRE(at.files.open(outside, io::OpenMode::kCreateExclusive)); }
  value_of(at.open())->append("x").value();
  const std::string segment = at.directory + "/" + journal::segment_file_name(1);
  for (const std::string& name : {segment, at.directory + "/lock"}) {
    fs::rename(name, name + ".aside");
    fs::create_symlink(outside, name);
    REQUIRE(at.open().error().code == ELOOP);
    fs::remove(name);
    fs::rename(name + ".aside", name);
  }
  for (const char* name : {"/next.tmp", "/spare-1"})
    fs::create_symlink(outside, at.directory + name);
  auto writer = value_of(at.open());
  REQUIRE(writer->append("y"));
  must(writer->rotate());
  REQUIRE(writer->append("z"));
  REQUIRE(fs::file_size(outside) == 0);

  fs::rename(segment, segment + ".aside");
  fs::create_symlink(segment + ".aside", segment);
  auto reader = value_of(Reader::open(at.files, at.directory));
  REQUIRE(std::get<Error>(reader->read_next()).code == ELOOP);
}

TEST_CASE("a directory that vanishes is reported and made again, and sequences go on") {
  Fixture at;
  WriterOptions options;
  options.sync_interval_us = 1000;
  auto writer = value_of(at.open(options));
  for (int i = 0; i < 5; ++i) REQUIRE(writer->append("durable"));
  must(writer->sync());
  REQUIRE(writer->append("not durable yet"));
  std::filesystem::remove_all(at.directory);
  at.clock.now_us += 2000;
  REQUIRE(writer->append("refused").error().code == ENOENT);
  REQUIRE(writer->sync().error().code == ENOENT);
  REQUIRE(value_of(writer->append("after")) == 7);
  must(writer->sync());
  REQUIRE(read_all(at.files, at.directory).records ==
          std::vector<std::pair<uint64_t, std::string>>{{6, "not durable yet"}, {7, "after"}});
  REQUIRE(at.open().error().code == Error::kLocked);
}

TEST_CASE("a sync notices that the directory is gone") {
  Fixture at;
  auto writer = value_of(at.open());
  REQUIRE(writer->append("x"));
  std::filesystem::remove_all(at.directory);
  REQUIRE(writer->sync().error().code == ENOENT);
  REQUIRE(value_of(writer->append("y")) == 2);
  must(writer->sync());
}

TEST_CASE("a full disk refuses records and takes them again when space returns") {
  FaultFileSystem disk(1);
  ManualClock clock;
  SeededRandom random(1);
  WriterOptions options;
  options.segment_size_bytes = 2000;
  auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
  disk.set_capacity(10'000);
  uint64_t appended = 0;
  while (writer->append(payload_of(appended + 1, 300))) ++appended;
  REQUIRE(appended > 20);
  REQUIRE(writer->append(payload_of(0, 300)).error().code == ENOSPC);
  REQUIRE(read_all(disk, "/j").records.size() == appended);
  must(writer->sync());
  REQUIRE(value_of(writer->drop_oldest()).has_value());
  disk.set_capacity(100'000);
  REQUIRE(value_of(writer->append(payload_of(appended + 1, 300))) == appended + 1);
  REQUIRE(read_all(disk, "/j").records.back().first == appended + 1);
}

TEST_CASE("not more than the documented number of closed segments waits for a sync") {
  FaultFileSystem disk(1);
  ManualClock clock;
  SeededRandom random(1);
  WriterOptions options;
  options.segment_size_bytes = 500;
  auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
  uint64_t unsynced_max = 0;
  for (int i = 0; i < 500; ++i) {
    REQUIRE(writer->append(payload_of(writer->next_sequence(), 100)));
    unsynced_max = std::max(unsynced_max, writer->next_sequence() - writer->synced_sequence());
  }
  const uint64_t records_per_segment = 500 / (journal::kRecordHeaderSize + 100);
  REQUIRE(unsynced_max > 0);
  REQUIRE(unsynced_max <= (WriterOptions().unsynced_segments_max + 1) * records_per_segment);
}

TEST_CASE("neither a new segment nor a release waits for a disk if it is not to") {
  FaultFileSystem disk(1);
  ManualClock clock;
  SeededRandom random(1);
  WriterOptions options;
  options.segment_size_bytes = 500;
  options.starts_segments_unsynced = true;
  options.unsynced_segments_max = 64;
  auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
  disk.fail(FaultFileSystem::kSync | FaultFileSystem::kSyncDirectory, EIO, disk.operations() + 1, 1);
  for (int i = 0; i < 100; ++i) REQUIRE(writer->append(payload_of(writer->next_sequence(), 100)));
  REQUIRE(writer->closed_segments().size() > 10);
  REQUIRE(writer->release_before(50).error().code == EAGAIN);
  REQUIRE(disk.failures() == 0);  // nobody has asked for a sync
  REQUIRE(writer->first_sequence() == 1);
  disk.fail(0, 0, 0, 0);
  must(writer->sync());
  must(writer->release_before(50));
  REQUIRE(writer->first_sequence() > 40);
  REQUIRE(read_all(disk, "/j").records.back().first == 100);
}

TEST_CASE("emptied segments are kept for reuse up to the number asked for") {
  for (const uint32_t spares : {0u, 1u, 2u}) {
    Fixture at;
    WriterOptions options;
    options.segment_size_bytes = 2000;
    options.recycled_segments_max = spares;
    auto writer = value_of(at.open(options));
    for (int i = 0; i < 100; ++i) REQUIRE(writer->append(payload_of(1, 200)));
    must(writer->release_before(writer->next_sequence()));
    size_t found = 0;
    for (const std::string& name : value_of(at.files.list(at.directory))) {
      if (name.starts_with("spare-")) ++found;
    }
    REQUIRE(found == spares);
  }
}

}  // namespace gasoline::test
