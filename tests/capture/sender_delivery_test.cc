#include <atomic>
#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <mutex>

#include "capture/file_system_wrapper.h"
#include "capture/sender_rig.h"
#include "spool/spool_directory.h"

namespace gasoline::capture {
namespace {

using test::eventually;
using test::ReceivedBatch;
using test::SenderRig;
using test::SpoolMaker;

constexpr int64_t kLongUs = 3'600'000'000;

test::RawAnswer take_all(const ReceivedBatch&) {
  return test::taken();
}

TEST_CASE("an idle stream is sent at once and acknowledged to its end") {
  SenderRig rig;
  rig.listen(take_all);
  rig.own.add_lines({"one", "two"});
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  rig.add_lines({"three"});
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  CHECK(rig.sender->finish(kLongUs, kLongUs));
  const auto batches = rig.daemon->batches();
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].run_id == rig.own.run().run_id);
  CHECK(batches[0].first_seq == 1);
  CHECK(batches[0].messages == std::vector<std::string>{"one", "two"});
  CHECK(batches[1].first_seq == 3);
  CHECK(rig.sender->counters().acknowledged_events.load() == 3);
  CHECK(rig.complaints.all().empty());
}

TEST_CASE("while a batch is in flight the next one grows") {
  SenderRig rig;
  std::atomic<bool> is_released{false};
  rig.listen([&](const ReceivedBatch& batch) {
    if (batch.number == 0) eventually([&] { return is_released.load(); });
    return test::taken();
  });
  rig.own.add_lines({"first"});
  rig.start();
  REQUIRE(eventually([&] { return rig.daemon->request_count() == 1; }));
  for (int i = 0; i < 50; ++i) rig.add_lines({"line " + std::to_string(i)});
  CHECK(rig.acknowledged == 0);
  is_released = true;
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  const auto batches = rig.daemon->batches();
  REQUIRE(batches.size() == 2);
  CHECK(batches[1].messages.size() == 50);
  CHECK(batches[1].messages.back() == "line 49");
}

TEST_CASE("a batch holds at most ten thousand events") {
  SenderRig rig;
  rig.listen(take_all);
  rig.own.add_lines(std::vector<std::string>(25'000, "x"));
  rig.start();
  REQUIRE(eventually([&] { return rig.is_all_acknowledged(); }));
  for (const ReceivedBatch& batch : rig.daemon->batches()) CHECK(batch.messages.size() <= 10'000);
  CHECK(rig.daemon->stored() == rig.expected());
}

TEST_CASE("finish delivers what was spooled just before") {
  SenderRig rig;
  rig.listen(take_all);
  rig.start();
  rig.own.add_lines({"the last words"});
  CHECK(rig.sender->finish(kLongUs, kLongUs));
  CHECK(rig.daemon->stored() == rig.expected());
  CHECK(rig.is_all_acknowledged());
}

TEST_CASE("finish ends at once when nobody listens") {
  SenderRig rig;
  rig.own.add_lines({"kept"});
  rig.start();
  // The bounds are an hour: waiting for them fails by the suite's own time limit.
  CHECK_FALSE(rig.sender->finish(kLongUs, kLongUs));
  CHECK(rig.acknowledged == 0);
}

TEST_CASE("finish waits no longer than it may for a daemon that hangs") {
  SenderRig rig;
  std::atomic<bool> is_released{false};
  rig.listen([&](const ReceivedBatch&) {
    eventually([&] { return is_released.load(); });
    return test::taken();
  });
  rig.own.add_lines({"kept"});
  rig.start();
  REQUIRE(eventually([&] { return rig.daemon->request_count() == 1; }));
  CHECK_FALSE(rig.sender->finish(kLongUs, 10'000));
  CHECK(rig.acknowledged == 0);
  is_released = true;
}

TEST_CASE("the spool of a dead run is delivered after ours, and removed") {
  SenderRig rig;
  rig.listen(take_all);
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"from the grave", "once"});
  dead.close();
  rig.own.add_lines({"ours"});
  rig.start(true);
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  auto expected = rig.expected();
  expected.insert(dead.events().begin(), dead.events().end());
  CHECK(rig.daemon->stored() == expected);
  CHECK(rig.daemon->batches().front().run_id == rig.own.run().run_id);
  CHECK(std::filesystem::exists(rig.own.directory()));
  CHECK(rig.sender->finish(kLongUs, kLongUs));
}

TEST_CASE("several dead runs are adopted one after another, empty ones too") {
  SenderRig rig;
  rig.listen(take_all);
  auto expected = rig.expected();
  for (int i = 0; i < 3; ++i) {
    SpoolMaker dead(rig.files, rig.spools());
    if (i != 1) dead.add_lines({"dead run " + std::to_string(i)});
    dead.close();
    expected.insert(dead.events().begin(), dead.events().end());
  }
  rig.own.add_lines({"ours"});
  rig.start(true);
  REQUIRE(eventually([&] { return spool::list_runs(rig.files, rig.spools()).size() == 1; }));
  const auto own = rig.expected();
  expected.insert(own.begin(), own.end());
  CHECK(rig.daemon->stored() == expected);
}

TEST_CASE("the spool of a living run, and one without a description, are left alone") {
  SenderRig rig;
  rig.listen(take_all);
  SpoolMaker living(rig.files, rig.spools());
  living.add_lines({"its own wrapper sends this"});
  SpoolMaker unborn(rig.files, rig.spools());
  unborn.add_lines({"nobody knows whose"});
  unborn.close();
  std::filesystem::remove(unborn.directory() + "/run");
  SpoolMaker dead(rig.files, rig.spools());
  dead.close();
  rig.own.add_lines({"ours"});
  rig.start(true);
  // The dead one has the highest name: when it is gone the others were looked at.
  REQUIRE(eventually([&] { return !std::filesystem::exists(dead.directory()); }));
  CHECK(rig.daemon->stored() == rig.expected());
  CHECK(test::read_spool(rig.files, living.directory()).size() == 1);
  CHECK(test::read_spool(rig.files, unborn.directory()).size() == 1);
}

/// Refuses to read the segments of one directory.
class UnreadableDirectory final : public test::FileSystemWrapper {
 public:
  Opened open(const std::string& path, io::OpenMode mode) override {
    const std::lock_guard lock(mutex);
    const bool is_segment = path.ends_with(".seg") && mode == io::OpenMode::kRead;
    if (is_segment && !directory.empty() && path.starts_with(directory)) {
      ++failures;
      return Error::from_errno(EIO, "open " + path);
    }
    return FileSystemWrapper::open(path, mode);
  }
  std::mutex mutex;
  std::string directory;
  std::atomic<int> failures{0};
};

TEST_CASE("a dead run's spool that cannot be read is not removed") {
  UnreadableDirectory files;
  SenderRig rig(&files);
  rig.listen(take_all);
  SpoolMaker dead(rig.files, rig.spools());
  dead.add_lines({"still there"});
  dead.close();
  {
    const std::lock_guard lock(files.mutex);
    files.directory = dead.directory();
  }
  rig.own.add_lines({"ours"});
  rig.start(true);
  REQUIRE(eventually([&] { return files.failures > 0; }));
  CHECK(rig.sender->finish(kLongUs, kLongUs));
  {
    const std::lock_guard lock(files.mutex);
    files.directory.clear();
  }
  const auto records = test::read_spool(rig.files, dead.directory());
  REQUIRE(records.size() == 1);
  CHECK(records[0].bytes == "still there\n");
}

}  // namespace
}  // namespace gasoline::capture
