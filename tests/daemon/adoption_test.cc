#include "daemon/adoption.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "capture/spool_maker.h"
#include "daemon/daemon_rig.h"
#include "io/real_file_system.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::daemon {
namespace {

using test::eventually;
using test::FaultFileSystem;
using test::PipelineRig;
using test::SpoolMaker;

/// Spools on the real disk, the event log on one in memory that can fail.
struct AdoptionRig {
  AdoptionRig() : daemon(log_files, "/events") { daemon.pipeline->start(); }
  void adopt() {
    Adoption::Options options;
    options.directory = spools();
    options.interval_us = 2'000;
    adoption = std::make_unique<Adoption>(files, *daemon.pipeline, daemon.clock, random,
                                          daemon.diary, options);
  }
  std::string spools() const { return directory / "spool"; }
  std::vector<std::string> stored_sorted() const {
    auto messages = daemon.stored();
    std::sort(messages.begin(), messages.end());
    return messages;
  }

  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  FaultFileSystem log_files{1};
  SystemRandom random;
  PipelineRig daemon;
  std::unique_ptr<Adoption> adoption;
};

TEST_CASE("what a dead run left is delivered once and its directory removed") {
  AdoptionRig rig;
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"a", "b"});
  dead.add_lines({"c"});
  dead.close();
  rig.adopt();
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.stored_sorted() == std::vector<std::string>{"a", "b", "c"});
  CHECK(rig.adoption->counters().events.load() == 3);
  CHECK(rig.adoption->counters().spools.load() == 1);
  CHECK(rig.adoption->counters().failures.load() == 0);
}

TEST_CASE("what the dead run had delivered itself is not stored again") {
  AdoptionRig rig;
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"a", "b", "c", "d"});
  dead.close();
  CHECK(rig.daemon.submit(test::run_body(dead.run().run_id, 1, {"a", "b", "c"})).count == 3);
  rig.adopt();
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.stored_sorted() == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(rig.daemon.pipeline->counters().duplicates.load() == 3);
}

TEST_CASE("a living run is left to its wrapper until that is gone") {
  AdoptionRig rig;
  SpoolMaker living(rig.files, rig.spools());
  living.add_lines({"of the living"});
  std::this_thread::sleep_for(std::chrono::milliseconds(2));  // the next run's id is higher
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"of the dead"});
  dead.close();
  rig.adopt();
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.stored_sorted() == std::vector<std::string>{"of the dead"});
  CHECK(rig.adoption->counters().failures.load() == 0);
  living.close();
  REQUIRE(eventually([&] { return !std::filesystem::exists(living.directory()); }));
  CHECK(rig.stored_sorted() == std::vector<std::string>{"of the dead", "of the living"});
}

TEST_CASE("a directory without a description is left alone, and so is what is no run") {
  AdoptionRig rig;
  SpoolMaker unborn(rig.files, rig.spools());
  unborn.add_lines({"whose?"});
  unborn.close();
  std::filesystem::remove(unborn.directory() + "/run");
  std::filesystem::create_directories(rig.spools() + "/notes");
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  SpoolMaker dead(rig.files, rig.spools());
  dead.close();
  rig.adopt();
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(test::read_spool(rig.files, unborn.directory()).size() == 1);
  CHECK(std::filesystem::exists(rig.spools() + "/notes"));
  CHECK(rig.daemon.stored().empty());
}

TEST_CASE("while the log cannot be written the spool is kept, and delivered afterwards") {
  AdoptionRig rig;
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"patience"});
  dead.close();
  rig.log_files.fail(FaultFileSystem::kWrite | FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  rig.adopt();
  REQUIRE(eventually([&] { return rig.daemon.pipeline->counters().log_failures.load() >= 2; }));
  CHECK(test::read_spool(rig.files, dead.directory()).size() == 1);
  rig.log_files.fail(0, 0, 0, 0);
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.daemon.stored() == std::vector<std::string>{"patience"});
}

TEST_CASE("a daemon that ends while it adopts leaves the rest to the next one") {
  AdoptionRig rig;
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"patience"});
  dead.close();
  rig.log_files.fail(FaultFileSystem::kWrite | FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  rig.adopt();
  REQUIRE(eventually([&] { return rig.daemon.pipeline->counters().log_failures.load() >= 1; }));
  rig.adoption.reset();
  CHECK(test::read_spool(rig.files, dead.directory()).size() == 1);
  rig.log_files.fail(0, 0, 0, 0);
  rig.adopt();
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.daemon.stored() == std::vector<std::string>{"patience"});
}

TEST_CASE("a spool of many batches is delivered whole") {
  AdoptionRig rig;
  SpoolMaker dead(rig.files, rig.spools());
  for (uint64_t i = 0; i < 25; ++i) dead.add_lines(test::messages_of("line", i * 1000, 1000));
  dead.close();
  rig.adopt();
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.adoption->counters().events.load() == 25'000);
  CHECK(rig.daemon.store->stats().events == 25'000);
}

}  // namespace
}  // namespace gasoline::daemon
