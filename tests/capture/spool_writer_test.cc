#include "capture/spool_writer.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>

#include "capture/spool_rig.h"
#include "spool/spool_directory.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::capture {
namespace {

using spool::RecordKind;
using spool::Stream;
using test::eventually;
using test::SpoolRig;

constexpr int64_t kLongUs = 3'600'000'000;

TEST_CASE("both streams are spooled in their order, numbered together, between start and end") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool");
  rig.start();
  const std::string out = test::numbered_lines("out", 0, 3'000);
  const std::string err = test::numbered_lines("err", 0, 3'000);
  std::thread other([&] { rig.err.write(err); });
  rig.out.write(out);
  other.join();
  CHECK(rig.finish(kLongUs));

  const auto records = test::read_spool(files, rig.writer->directory());
  CHECK((test::spooled_text(records, Stream::kStdout) == out));
  CHECK((test::spooled_text(records, Stream::kStderr) == err));
  REQUIRE(records.size() >= 4);
  CHECK(records.front().record.kind == RecordKind::kRunStarted);
  CHECK(records.front().bytes == "\"run_started\":{}");
  CHECK(records.back().record.kind == RecordKind::kRunEnded);
  CHECK(records.back().bytes == "\"run_ended\":{}");
  uint64_t seq = 1;
  for (const auto& record : records) {
    CHECK(record.record.first_seq == seq);
    seq = record.record.end_seq();
  }
  CHECK(rig.writer->next_seq() == seq);
  CHECK(rig.writer->next_line(Stream::kStdout) == 3'001);
  CHECK(rig.writer->counters().lines.load() == 6'000);
  CHECK(rig.writer->counters().events.load() == 6'002);
  CHECK(rig.writer->end_record() == records.size() + 1);
  CHECK(rig.complaints.all().empty());
}

TEST_CASE("lines that come fast are let collect, and a line by itself is not") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  test::SharedManualClock clock;
  SpoolRig rig(files, directory / "spool", {}, nullptr, &clock);
  rig.start();
  const auto spool_lines = [&](int count, uint64_t all) {
    rig.out.write(test::numbered_lines("line", 0, count));
    return eventually([&] { return rig.writer->counters().lines.load() == all; });
  };
  // Each of them a second after the one before.
  for (uint64_t line = 1; line <= 20; ++line) {
    clock.advance(1'000'000);
    REQUIRE(spool_lines(1, line));
  }
  CHECK(rig.writer->counters().gatherings.load() == 0);
  // 1,000 lines each 6 ms: which turn takes how many of them is for the machine to say.
  uint64_t lines = 20;
  CHECK(eventually([&] {
    clock.advance(6'000);
    lines += 1'000;
    return spool_lines(1'000, lines) && rig.writer->counters().gatherings.load() > 0;
  }));
  clock.advance(60'000'000);
  CHECK(rig.finish(kLongUs));
  CHECK(rig.writer->counters().lines.load() == lines);
}

TEST_CASE("while nobody waits for lines they are let collect, however slowly they come") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  test::SharedManualClock clock;
  std::atomic<bool> is_nobody_waiting{false};
  SpoolWriter::Options options;
  options.is_nobody_waiting = [&] { return is_nobody_waiting.load(); };
  SpoolRig rig(files, directory / "spool", options, nullptr, &clock);
  rig.start();
  const auto spool_line = [&](uint64_t all) {
    clock.advance(1'000'000);
    rig.out.write("line\n");
    return eventually([&] { return rig.writer->counters().lines.load() == all; });
  };
  REQUIRE(spool_line(1));
  CHECK(rig.writer->counters().gatherings.load() == 0);
  is_nobody_waiting = true;
  REQUIRE(spool_line(2));
  CHECK(eventually([&] { return rig.writer->counters().gatherings.load() > 0; }));
  CHECK(rig.finish(kLongUs));
  CHECK(rig.writer->counters().lines.load() == 2);
}

TEST_CASE("the run is described in its directory, and remove leaves nothing behind") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool");
  rig.start();
  CHECK(rig.finish(kLongUs));
  const auto run = spool::read_run_description(files, rig.writer->directory());
  REQUIRE(run);
  CHECK(run->run_id == rig.run.run_id);
  CHECK(run->service == "shop");
  CHECK(rig.writer->remove().has_value());
  CHECK(std::filesystem::is_empty(directory / "spool"));
}

TEST_CASE("segments of a run that is removed are written over by the next one") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  const auto pooled = [&] {
    const auto names = files.list(directory / "spool/pool");
    return names ? names->size() : 0;
  };
  const auto run = [&](const std::string& bytes, size_t pooled_during,
                       journal::SyncPolicy policy = journal::SyncPolicy::kNever) {
    SpoolWriter::Options options;
    options.sync = policy;
    SpoolRig rig(files, directory / "spool", options);
    rig.start();
    rig.out.write(bytes);
    CHECK(rig.finish(kLongUs));
    CHECK(pooled() == pooled_during);
    const auto records = test::read_spool(files, rig.writer->directory());
    CHECK((test::spooled_text(records, Stream::kStdout) == bytes));
    CHECK(rig.writer->remove());
  };
  const std::string bytes = test::numbered_lines("a line of the first run", 0, 1'300'000);
  run(bytes, 0, journal::SyncPolicy::kInterval);
  CHECK(pooled() == 0);  // nobody would take them
  run(bytes, 0);
  // Two segments of 16 MiB were full; the third was not.
  CHECK(pooled() == 2);
  // Its second segment is one of them, and still is a whole file when it goes back.
  run(test::numbered_lines("and of the second, which is longer", 0, 600'000), 1);
  CHECK(pooled() == 3);
}

TEST_CASE("a line without an LF at the end is spooled as it is") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool");
  rig.start();
  rig.out.write("whole\nnot whole");
  CHECK(rig.finish(kLongUs));
  const auto records = test::read_spool(files, rig.writer->directory());
  CHECK(test::spooled_text(records, Stream::kStdout) == "whole\nnot whole");
}

TEST_CASE("an unfinished line is spooled after a second without waiting for its end") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool");
  rig.start();
  rig.out.write("password? ");
  REQUIRE(eventually([&] { return rig.writer->counters().events.load() == 2; }));
  rig.out.write("given\n");
  CHECK(rig.finish(kLongUs));
  const auto records = test::read_spool(files, rig.writer->directory());
  REQUIRE(records.size() == 4);
  CHECK(records[1].record.flags == spool::kPartial);
  CHECK(records[1].bytes == "password? ");
  CHECK((records[2].record.flags & spool::kReplaces) != 0);
  CHECK(records[2].record.replaces_seq == records[1].record.first_seq);
  CHECK(records[2].bytes == "password? given\n");
}

TEST_CASE("a full disk costs one warning and no line once there is space again") {
  test::FaultFileSystem files(1);
  SpoolRig rig(files, "/spool");
  rig.start();
  rig.out.write("before\n");
  REQUIRE(eventually([&] { return rig.writer->counters().lines.load() == 1; }));
  files.fail(test::FaultFileSystem::kWrite | test::FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  const std::string during = test::numbered_lines("while the disk is full", 0, 5'000);
  rig.out.write(during);
  REQUIRE(eventually([&] { return rig.writer->counters().failed_appends.load() >= 3; }));
  CHECK(rig.writer->counters().lines.load() == 1);
  files.fail(0, 0, 0, 0);
  rig.out.write("after\n");
  CHECK(rig.finish(kLongUs));
  const auto records = test::read_spool(files, rig.writer->directory());
  CHECK((test::spooled_text(records, Stream::kStdout) == "before\n" + during + "after\n"));
  CHECK(test::sum_of_gaps(records).events == 0);
  REQUIRE(rig.complaints.all().size() == 1);
  CHECK(rig.complaints.count_of("No space left on device") == 1);
}

TEST_CASE("a disk that stops for longer loses counted lines, and only those") {
  test::FaultFileSystem files(2);
  test::SharedManualClock pump_clock;
  SpoolRig rig(files, "/spool", {}, &pump_clock);
  rig.start();
  REQUIRE(eventually([&] { return rig.writer->counters().events.load() == 1; }));
  files.fail(test::FaultFileSystem::kWrite | test::FaultFileSystem::kResize, ENOSPC, 1, UINT64_MAX);
  const std::string first = test::numbered_lines("more than the ring takes", 0, 60'000);
  std::thread child([&] { rig.out.write(first); });
  REQUIRE(eventually([&] {
    pump_clock.advance(100'000);
    return rig.out.pump().counters().bytes.load() == first.size();
  }));
  child.join();
  files.fail(0, 0, 0, 0);
  const std::string second = test::numbered_lines("afterwards", 0, 10'000);
  rig.out.write(second);
  CHECK(rig.finish(kLongUs));

  const auto records = test::read_spool(files, rig.writer->directory());
  const std::string text = test::spooled_text(records, Stream::kStdout);
  const test::GapSum gaps = test::sum_of_gaps(records);
  REQUIRE(gaps.events == 1);
  CHECK(gaps.bytes == rig.out.pump().counters().dropped_bytes.load());
  CHECK(text.size() + gaps.bytes == first.size() + second.size());
  // The line in which the gap begins is there in part, without its LF.
  const uint64_t cut_lines = rig.writer->counters().lines.load() - test::count_line_feeds(text);
  CHECK(test::count_line_feeds(text) + cut_lines + gaps.lines == 70'000);
  CHECK(cut_lines <= 1);
  CHECK(gaps.reasons == "\"the spool made no progress\"");
  CHECK(rig.writer->next_line(Stream::kStdout) == 70'001);
}

TEST_CASE("without a usable directory the run is captured in memory, with one warning") {
  test::TemporaryDirectory directory;
  std::ofstream(directory / "file") << "in the way";
  io::RealFileSystem files;
  SpoolWriter::Options options;
  options.memory_directory = directory / "memory";
  SpoolRig rig(files, directory / "file", options);
  rig.start();
  rig.out.write("kept\n");
  CHECK(rig.finish(kLongUs));
  CHECK(rig.writer->directory() == directory / "memory/" + rig.run.run_id);
  const auto records = test::read_spool(files, rig.writer->directory());
  CHECK(test::spooled_text(records, Stream::kStdout) == "kept\n");
  REQUIRE(rig.complaints.all().size() == 1);
  CHECK(rig.complaints.count_of("capturing in memory only") == 1);
}

TEST_CASE("without any usable directory nothing is captured and the command goes on") {
  test::TemporaryDirectory directory;
  std::ofstream(directory / "file") << "in the way";
  io::RealFileSystem files;
  SpoolWriter::Options options;
  options.memory_directory = directory / "file/deeper";
  const SystemClock clock;
  SpoolRig rig(files, directory / "file", options, &clock);
  rig.start();
  CHECK(rig.out.write(test::numbered_lines("nowhere to go", 0, 100'000)));
  CHECK_FALSE(rig.finish(0));
  CHECK(rig.writer->directory().empty());
  CHECK(rig.complaints.count_of("output is not captured") == 1);
  CHECK(rig.complaints.all().size() == 2);
}

TEST_CASE("finish gives up on a disk that takes nothing") {
  test::FaultFileSystem files(3);
  SpoolRig rig(files, "/spool");
  rig.start();
  rig.out.write("before\n");
  REQUIRE(eventually([&] { return rig.writer->counters().lines.load() == 1; }));
  files.fail(test::FaultFileSystem::kAny, EIO, 1, UINT64_MAX);
  rig.out.write("never written\n");
  CHECK_FALSE(rig.finish(100'000));
  files.fail(0, 0, 0, 0);
  const auto records = test::read_spool(files, rig.writer->directory());
  CHECK(test::spooled_text(records, Stream::kStdout) == "before\n");
}

TEST_CASE("a writer that nobody finishes ends with its pumps") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  {
    SpoolRig rig(files, directory / "spool");
    rig.start();
    rig.out.write("line\n");
  }
  CHECK(spool::list_runs(files, directory / "spool").size() == 1);
}

}  // namespace
}  // namespace gasoline::capture
