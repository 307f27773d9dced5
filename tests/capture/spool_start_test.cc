#include <catch2/catch.hpp>

#include "capture/spool_rig.h"
#include "spool/spool_directory.h"
#include "support/fault_file_system.h"

namespace gasoline::capture {
namespace {

using test::FaultFileSystem;
using test::SpoolRig;

TEST_CASE("a run starts, and takes lines, on a disk on which every sync fails") {
  FaultFileSystem disk(3);
  disk.fail(FaultFileSystem::kSync | FaultFileSystem::kSyncDirectory, EIO, 1, UINT64_MAX);
  SpoolRig rig(disk, "/state/spool");
  rig.start();
  rig.out.write("a line\n");
  CHECK(rig.finish(20'000'000));
  CHECK(rig.writer->directory().starts_with("/state/spool/"));
  CHECK(rig.writer->counters().lines == 1);
}

TEST_CASE(
    "a power cut at any operation keeps all that was synced: the start as well as the lines") {
  uint64_t kept = 0;
  for (uint64_t cut_at = 1;; ++cut_at) {
    FaultFileSystem disk(cut_at);
    disk.cut_power_at(cut_at);
    bool is_synced = false;
    std::string directory;
    {
      SpoolRig rig(disk, "/state/spool");
      rig.start();
      rig.out.write("a line\n");
      is_synced = rig.finish(0) && rig.writer->sync();
      directory = rig.writer->directory();
    }
    const bool is_done = !disk.is_power_cut();
    disk.return_power();
    INFO("power cut at operation " << cut_at);
    if (is_synced) {
      ++kept;
      REQUIRE(spool::read_run_description(disk, directory));
      SystemClock clock;
      SystemRandom random;
      auto journal = journal::Writer::open(disk, directory, {}, clock, random);
      REQUIRE(journal);
      // run_started, the line, run_ended
      REQUIRE(journal.value()->next_sequence() == 4);
    }
    if (is_done) break;
  }
  CHECK(kept > 0);
}

TEST_CASE("a spool is made before its run starts, and goes if that never does") {
  FaultFileSystem disk(3);
  const auto runs = [&disk] { return spool::list_runs(disk, "/state/spool"); };
  {
    SpoolRig rig(disk, "/state/spool");
    rig.writer->prepare();
    REQUIRE(test::eventually([&] { return runs().size() == 1; }));
    CHECK(rig.writer->directory().empty());
  }
  CHECK(runs().empty());
  SpoolRig rig(disk, "/state/spool");
  rig.writer->prepare();
  rig.start();
  rig.out.write("a line\n");
  CHECK(rig.finish(20'000'000));
  CHECK(runs() == std::vector<std::string>{rig.writer->directory()});
  CHECK(spool::read_run_description(disk, rig.writer->directory()));
}

TEST_CASE("a run can be made durable by its directory alone") {
  FaultFileSystem disk(3);
  std::string directory;
  {
    SpoolWriter::Options options;
    options.sync = journal::SyncPolicy::kNever;
    SpoolRig rig(disk, "/state/spool", options);
    rig.start();
    rig.out.write("a line\n");
    REQUIRE(rig.finish(20'000'000));
    directory = rig.writer->directory();
  }
  REQUIRE(spool::sync_run(disk, directory));
  disk.return_power();
  CHECK(spool::read_run_description(disk, directory));
  SystemClock clock;
  SystemRandom random;
  auto journal = journal::Writer::open(disk, directory, {}, clock, random);
  REQUIRE(journal);
  CHECK(journal.value()->next_sequence() == 4);
}

}  // namespace
}  // namespace gasoline::capture
