#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "io/real_file_system.h"
#include "journal/format.h"
#include "journal/journal_fixture.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::test {
namespace {

using journal::Reader;
using journal::Writer;
using journal::WriterOptions;

std::string some_bytes(Random& random, size_t size) {
  std::string bytes(size, '\0');
  if (random.next_u64() % 3 == 0) return bytes;
  for (char& byte : bytes) byte = static_cast<char>(random.next_u64());
  return bytes;
}

}  // namespace

TEST_CASE("whatever crashes left in the directory, a writer starts, and what was intact is read") {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    FaultFileSystem disk(seed);
    ManualClock clock;
    SeededRandom random(seed);
    WriterOptions options;
    options.segment_size_bytes = 800;
    {
      auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
      for (uint64_t i = 1; i <= 40; ++i) REQUIRE(writer->append(payload_of(i, i * 37 % 90)));
      must(writer->release_before(1 + random.next_u64() % 30));
      must(writer->sync());
    }
    std::vector<std::string> names = {"lock", "next.tmp", "spare-1", "spare-2", "spare-9", "notes"};
    const auto report = value_of(journal::inspect(disk, "/j"));
    for (const auto& segment : report.segments) names.push_back(segment.name);
    names.push_back(journal::segment_file_name(41 + random.next_u64() % 3));
    for (const std::string& name : names) {
      if (random.next_u64() % 2 == 0) continue;
      auto file = value_of(disk.open("/j/" + name, io::OpenMode::kCreateIfMissing));
      must(file->truncate(random.next_u64() % 3 == 0 ? 0 : random.next_u64() % 800));
      must(file->write_at(some_bytes(random, random.next_u64() % 100), random.next_u64() % 700));
    }
    const ReadBack before = read_all(disk, "/j");
    INFO("seed " << seed);
    for (const auto& [sequence, payload] : before.records) {
      REQUIRE(payload == payload_of(sequence, sequence * 37 % 90));
    }
    auto writer = value_of(Writer::open(disk, "/j", options, clock, random));
    for (int i = 0; i < 20; ++i) REQUIRE(writer->append("after"));
    must(writer->sync());
    must(writer->rotate());
    const ReadBack after = read_all(disk, "/j");
    REQUIRE(after.records.size() == before.records.size() + 20);
    REQUIRE(std::equal(before.records.begin(), before.records.end(), after.records.begin()));
    must(writer->release_before(writer->next_sequence()));
    REQUIRE(read_all(disk, "/j").records.empty());
  }
}

TEST_CASE("what is no file in the place of one is refused, and named") {
  namespace fs = std::filesystem;
  TemporaryDirectory temporary;
  io::RealFileSystem files;
  ManualClock clock;
  SeededRandom random(1);
  const std::string directory = temporary / "j";
  REQUIRE(value_of(Writer::open(files, directory, {}, clock, random))->append("x"));
  for (const std::string& name : {journal::segment_file_name(1), std::string("lock")}) {
    const std::string path = directory + "/" + name;
    fs::rename(path, path + ".aside");
    fs::create_directory(path);
    const auto refused = Writer::open(files, directory, {}, clock, random);
    REQUIRE(!refused);
    REQUIRE(refused.error().to_string().find(name) != std::string::npos);
    fs::remove(path);
    fs::rename(path + ".aside", path);
  }
  REQUIRE(Writer::open(files, directory, {}, clock, random));
}

TEST_CASE("a reader survives a directory that vanishes and is made again") {
  TemporaryDirectory temporary;
  io::RealFileSystem files;
  ManualClock clock;
  SeededRandom random(1);
  WriterOptions options;
  options.sync_interval_us = 1000;
  const std::string directory = temporary / "j";
  auto writer = value_of(Writer::open(files, directory, options, clock, random));
  auto reader = value_of(Reader::open(files, directory));
  for (int i = 0; i < 5; ++i) REQUIRE(writer->append("before"));
  must(writer->sync());
  REQUIRE(read_on(*reader).records.size() == 5);
  std::filesystem::remove_all(directory);
  REQUIRE(std::holds_alternative<Error>(reader->read_next()));
  REQUIRE(std::holds_alternative<Error>(reader->read_next()));
  clock.now_us += 2000;
  REQUIRE(writer->append("refused").error().code == ENOENT);
  REQUIRE(value_of(writer->append("after")) == 6);
  const ReadBack back = read_on(*reader);
  REQUIRE(back.corruptions.empty());
  REQUIRE(back.records == std::vector<std::pair<uint64_t, std::string>>{{6, "after"}});
}

}  // namespace gasoline::test
