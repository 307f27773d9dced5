#include <catch2/catch.hpp>

#include "capture/file_system_wrapper.h"
#include "capture/spool_rig.h"
#include "io/real_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::capture {
namespace {

using test::eventually;
using test::SpooledRecord;
using test::SpoolRig;

constexpr int64_t kLongUs = 3'600'000'000;
constexpr uint64_t kSpoolSizeBytesMax = 1 << 20;

SpoolWriter::Options small_spool() {
  SpoolWriter::Options options;
  options.size_bytes_max = kSpoolSizeBytesMax;
  options.sync = journal::SyncPolicy::kNever;
  return options;
}

uint64_t line_count(const std::vector<SpooledRecord>& records) {
  return test::count_line_feeds(test::spooled_text(records, spool::Stream::kStdout)) +
         test::count_line_feeds(test::spooled_text(records, spool::Stream::kStderr));
}

void write_lines(SpoolRig& rig, uint64_t first, uint64_t count) {
  rig.out.write(
      test::numbered_lines(std::string(60, 'x'), static_cast<int>(first), static_cast<int>(count)));
  REQUIRE(eventually([&] { return rig.writer->counters().lines.load() == first + count; }));
}

/// As the sender does: the events below `end_seq` are in its hand.
void claim(SpoolRig& rig, uint64_t end_seq) {
  const std::lock_guard lock(rig.writer->claims().mutex);
  rig.writer->claims().claimed_end_seq = end_seq;
}

/// ... and now they are acknowledged.
void acknowledge(SpoolRig& rig, uint64_t record) {
  {
    const std::lock_guard lock(rig.writer->claims().mutex);
    rig.writer->claims().acknowledged_end_seq = rig.writer->claims().claimed_end_seq;
  }
  rig.writer->acknowledge(record);
}

/// A disk that comes to no end with any sync until it is told to.
class HangingSyncs final : public test::FileSystemWrapper {
 public:
  Opened open(const std::string& path, io::OpenMode mode) override {
    auto opened = FileSystemWrapper::open(path, mode);
    if (!opened) return opened;
    return std::unique_ptr<io::File>(std::make_unique<HangingFile>(*this, std::move(*opened)));
  }
  Status sync_directory(const std::string& path) override {
    wait();
    return FileSystemWrapper::sync_directory(path);
  }
  void end() {
    has_ended_ = true;
    has_ended_.notify_all();
  }
  bool is_hanging() const { return syncs_ > 0 && !has_ended_; }
  int syncs() const { return syncs_; }

 private:
  class HangingFile final : public io::File {
   public:
    HangingFile(HangingSyncs& disk, std::unique_ptr<io::File> file)
        : disk_(disk), file_(std::move(file)) {}
    Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override {
      return file_->read_some_at(to, size, offset);
    }
    Result<size_t> write_some_at(std::span<const std::string_view> parts,
                                 uint64_t offset) override {
      return file_->write_some_at(parts, offset);
    }
    Result<size_t> write_some_durably_at(std::string_view bytes, uint64_t offset) override {
      disk_.wait();
      return file_->write_some_durably_at(bytes, offset);
    }
    Status sync_data() override {
      disk_.wait();
      return file_->sync_data();
    }
    Status allocate(uint64_t offset, uint64_t size) override {
      return file_->allocate(offset, size);
    }
    Status truncate(uint64_t size) override { return file_->truncate(size); }
    Result<io::FileStatus> status() override { return file_->status(); }
    Status try_lock() override { return file_->try_lock(); }

   private:
    HangingSyncs& disk_;
    std::unique_ptr<io::File> file_;
  };
  void wait() {
    ++syncs_;
    has_ended_.wait(false);
  }
  std::atomic<bool> has_ended_{false};
  std::atomic<int> syncs_{0};
};

TEST_CASE("a sync that does not come to its end holds up no line") {
  test::TemporaryDirectory directory;
  HangingSyncs disk;
  SpoolRig rig(disk, directory / "spool");
  rig.start();
  rig.out.write("the first line\n");
  CHECK(eventually([&] { return disk.syncs() > 0; }));
  const std::string bytes = test::numbered_lines(std::string(100, 'x'), 0, 700'000);
  REQUIRE(bytes.size() > 4 * (uint64_t{16} << 20));  // that many segments
  rig.out.write(bytes);
  CHECK(eventually([&] { return rig.writer->counters().lines.load() == 700'001; }));
  CHECK(disk.is_hanging());
  disk.end();
  CHECK(rig.finish(kLongUs));
}

TEST_CASE("a full spool drops its oldest lines, and gaps and lines together make up all of them") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool", small_spool());
  rig.start();
  constexpr uint64_t kLines = 80'000;
  write_lines(rig, 0, kLines);
  CHECK(rig.finish(kLongUs));
  const auto records = test::read_spool(files, rig.writer->directory());
  const test::GapSum gaps = test::sum_of_gaps(records);
  CHECK(gaps.events > 0);
  CHECK(gaps.reasons.find("the spool was full") != std::string::npos);
  CHECK(line_count(records) + gaps.lines == kLines);
  const std::string text = test::spooled_text(records, spool::Stream::kStdout);
  CHECK(text.ends_with(" 79999\n"));
  CHECK(text.size() < kSpoolSizeBytesMax);
  CHECK(text.size() > kSpoolSizeBytesMax / 4);
}

TEST_CASE("the next writer of a spool goes on with its numbers, and tells of what it has to drop") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  constexpr uint64_t kEarlierLines = 9'000;
  constexpr uint64_t kLines = 60'000;
  SpoolRig earlier(files, directory / "spool", small_spool());
  earlier.start();
  write_lines(earlier, 0, kEarlierLines);
  REQUIRE(earlier.finish(kLongUs));
  const uint64_t next_seq = earlier.writer->next_seq();
  const spool::RunDescription run = earlier.run;
  earlier.writer.reset();

  SpoolWriter::Options options = small_spool();
  options.resumed_at_seq = next_seq;
  const bool has_room = GENERATE(true, false);
  if (has_room) options.size_bytes_max = 1ull << 30;
  SpoolRig rig(files, directory / "spool", options, nullptr, nullptr, &run);
  rig.start();
  rig.out.write(test::numbered_lines(std::string(60, 'x'), kEarlierLines, kLines));
  REQUIRE(eventually([&] { return rig.writer->counters().lines.load() == kLines; }));
  REQUIRE(rig.finish(kLongUs));
  const auto records = test::read_spool(files, rig.writer->directory());
  const test::GapSum gaps = test::sum_of_gaps(records);
  CHECK(line_count(records) + gaps.lines == kEarlierLines + kLines);
  CHECK((gaps.events == 0) == has_room);
  if (has_room) {
    CHECK((test::spooled_text(records, spool::Stream::kStdout) ==
           test::numbered_lines(std::string(60, 'x'), 0, kEarlierLines + kLines)));
    uint64_t seq = 1;
    size_t starts = 0;
    for (const SpooledRecord& record : records) {
      CHECK(record.record.first_seq == seq);
      seq = record.record.end_seq();
      if (record.record.kind == spool::RecordKind::kRunStarted) ++starts;
    }
    CHECK(starts == 1);
  }
}

TEST_CASE("what was acknowledged is not told as lost when the rest of its segment is dropped") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool", small_spool());
  rig.start();
  uint64_t delivered_lines = 0;
  uint64_t told_lines = 0;
  uint64_t next_record = 1;
  const auto deliver = [&] {
    std::vector<SpooledRecord> fresh;
    for (SpooledRecord& record : test::read_spool(files, rig.writer->directory())) {
      if (record.sequence >= next_record) fresh.push_back(std::move(record));
    }
    if (fresh.empty()) return;
    delivered_lines += line_count(fresh);
    told_lines += test::sum_of_gaps(fresh).lines;
    next_record = fresh.back().sequence + 1;
    claim(rig, fresh.back().record.end_seq());
    acknowledge(rig, next_record);
  };
  uint64_t lines = 0;
  for (const uint64_t count : {1'000u, 9'000u, 30'000u, 500u, 40'000u, 2'000u}) {
    write_lines(rig, lines, count);
    lines += count;
    // Every second time nobody takes them, and some are dropped.
    if (count < 5'000) deliver();
  }
  CHECK(rig.finish(kLongUs));
  deliver();
  CHECK(told_lines > 0);
  CHECK(delivered_lines + told_lines == lines);
}

TEST_CASE("lines in the sender's hand are told as lost only if it gives them up") {
  const bool is_delivered = GENERATE(false, true);
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool", small_spool());
  rig.start();
  write_lines(rig, 0, 1'000);
  // The run's first event is its start; the last line held is in the midst of a record.
  constexpr uint64_t kHeldLines = 321;
  claim(rig, 1 + 1 + kHeldLines);
  write_lines(rig, 1'000, 79'000);
  CHECK(rig.finish(kLongUs));
  {
    const std::lock_guard lock(rig.writer->claims().mutex);
    CHECK(rig.writer->claims().floor_record > 1);
  }
  if (is_delivered) acknowledge(rig, 2);
  rig.writer->tell_claimed_loss();
  const auto records = test::read_spool(files, rig.writer->directory());
  const uint64_t held = is_delivered ? kHeldLines : 0;
  CHECK(line_count(records) + test::sum_of_gaps(records).lines + held == 80'000);
}

TEST_CASE("a spool whose lines are acknowledged never drops any") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool", small_spool());
  rig.start();
  uint64_t lines = 0;
  for (int i = 0; i < 20; ++i) {
    write_lines(rig, lines, 4'000);
    lines += 4'000;
    rig.writer->acknowledge(rig.writer->end_record());
  }
  CHECK(rig.finish(kLongUs));
  CHECK(rig.writer->counters().dropped_lines.load() == 0);
  const auto records = test::read_spool(files, rig.writer->directory());
  CHECK(test::sum_of_gaps(records).events == 0);
  CHECK(records.front().sequence > 1);
}

TEST_CASE("a segment goes as soon as it is acknowledged, though nothing more is written") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SpoolRig rig(files, directory / "spool", small_spool());
  rig.start();
  write_lines(rig, 0, 10'000);
  const std::string first = rig.writer->directory() + "/00000000000000000001.seg";
  REQUIRE(files.status(first));
  rig.writer->acknowledge(rig.writer->end_record());
  CHECK(eventually([&] { return !files.status(first); }));
  CHECK(rig.finish(kLongUs));
}

TEST_CASE("lines that nobody took for a day are dropped and told") {
  test::TemporaryDirectory directory;
  io::RealFileSystem files;
  test::SharedManualClock clock;
  SpoolRig rig(files, directory / "spool", {}, &clock, &clock);
  rig.start();
  write_lines(rig, 0, 100);
  clock.advance(23ll * 3'600'000'000);
  rig.writer->notify();
  write_lines(rig, 100, 1);
  CHECK(rig.writer->counters().dropped_lines.load() == 0);
  clock.advance(25ll * 3'600'000'000);
  rig.writer->notify();
  REQUIRE(eventually([&] { return rig.writer->counters().dropped_lines.load() == 101; }));
  write_lines(rig, 101, 1);
  CHECK(rig.finish(kLongUs));
  const auto records = test::read_spool(files, rig.writer->directory());
  const test::GapSum gaps = test::sum_of_gaps(records);
  CHECK(gaps.lines == 101);
  CHECK(gaps.reasons.find("for 24.0 h") != std::string::npos);
  CHECK(test::spooled_text(records, spool::Stream::kStdout) == std::string(60, 'x') + " 101\n");
}

}  // namespace
}  // namespace gasoline::capture
