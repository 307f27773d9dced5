#include "spool/spool_directory.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "spool/spool_fixture.h"
#include "support/fault_file_system.h"

namespace gasoline::spool {
namespace {

namespace fs = std::filesystem;
using gasoline::test::TemporaryDirectory;

TEST_CASE("a description that was written is read, and written again") {
  const TemporaryDirectory directory;
  io::RealFileSystem files;
  RunDescription run = test::some_run();
  REQUIRE(write_run_description(files, directory.path(), run));
  auto read = read_run_description(files, directory.path());
  REQUIRE(read);
  CHECK(to_text(*read) == to_text(run));
  run.tags.clear();
  run.service = "another service";
  REQUIRE(write_run_description(files, directory.path(), run));
  read = read_run_description(files, directory.path());
  REQUIRE(read);
  CHECK(to_text(*read) == to_text(run));
}

TEST_CASE("a missing or foreign description is an error") {
  const TemporaryDirectory directory;
  io::RealFileSystem files;
  CHECK_FALSE(read_run_description(files, directory.path()));
  std::ofstream(directory / kRunFileName) << "something else\n";
  CHECK_FALSE(read_run_description(files, directory.path()));
}

TEST_CASE("whenever the power goes, the description is whole or not there") {
  for (uint64_t cut = 1;; ++cut) {
    gasoline::test::FaultFileSystem disk(cut);
    REQUIRE(io::make_directories(disk, "/spool/run"));
    const uint64_t before = disk.operations();
    disk.cut_power_at(before + cut);
    const Status written = write_run_description(disk, "/spool/run", test::some_run());
    const bool was_cut = disk.is_power_cut();
    disk.return_power();
    const auto read = read_run_description(disk, "/spool/run");
    INFO("cut at operation " << cut);
    if (written) REQUIRE(read);
    if (read) REQUIRE(to_text(*read) == to_text(test::some_run()));
    if (!was_cut) break;
    REQUIRE(cut < 100);
  }
}

TEST_CASE("runs are listed oldest first, and nothing else is taken for one") {
  const TemporaryDirectory root;
  io::RealFileSystem files;
  for (const char* name : {"01ARZ3NDEKTSV4RRFFQ69G5FAX", "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                           "01BRZ3NDEKTSV4RRFFQ69G5FAA", "lost+found", "x"}) {
    fs::create_directory(root / name);
  }
  CHECK(list_runs(files, root.path()) ==
        std::vector<std::string>{root / "01ARZ3NDEKTSV4RRFFQ69G5FAV",
                                 root / "01ARZ3NDEKTSV4RRFFQ69G5FAX",
                                 root / "01BRZ3NDEKTSV4RRFFQ69G5FAA"});
  CHECK(list_runs(files, root / "missing").empty());
}

TEST_CASE("a removed run is gone with all that a spool has") {
  io::RealFileSystem files;
  const TemporaryDirectory root;
  const std::string directory = root / test::kRunId;
  fs::create_directory(directory);
  SystemClock clock;
  SystemRandom random;
  auto writer = journal::Writer::open(files, directory, {}, clock, random);
  REQUIRE(writer);
  REQUIRE((*writer)->append("payload"));
  REQUIRE(write_run_description(files, directory, test::some_run()));
  REQUIRE(remove_run(files, directory));
  CHECK_FALSE(fs::exists(directory));
}

TEST_CASE("what a repair cut off stays for its reader when the run is removed") {
  io::RealFileSystem files;
  const TemporaryDirectory root;
  fs::create_directory(root / "run");
  const std::string kept = root / "run/00000000000000000001.seg.cut-1";
  std::ofstream(kept) << "bytes";
  REQUIRE(write_run_description(files, root / "run", test::some_run()));
  CHECK(remove_run(files, root / "run"));
  CHECK(fs::exists(kept));
  CHECK_FALSE(fs::exists(root / "run/run"));
}

TEST_CASE("what is not ours is left alone, and the directory with it") {
  io::RealFileSystem files;
  const TemporaryDirectory root;
  fs::create_directory(root / "run");
  std::ofstream(root / "run/notes.txt") << "mine";
  REQUIRE(write_run_description(files, root / "run", test::some_run()));
  CHECK_FALSE(remove_run(files, root / "run"));
  CHECK(fs::exists(root / "run/notes.txt"));
  CHECK_FALSE(fs::exists(root / "run/run"));
}

}  // namespace
}  // namespace gasoline::spool
