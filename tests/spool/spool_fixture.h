#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "io/real_file_system.h"
#include "journal/writer.h"
#include "spool/spool_reader.h"
#include "support/temporary_directory.h"

namespace gasoline::spool::test {

inline constexpr char kRunId[] = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// An event as the daemon's reader of batches sees it.
struct SeenEvent {
  uint64_t seq = 0;
  int64_t time_us = 0;
  std::string source;
  std::string message;
  uint64_t line = 0;
  std::string metadata;
  std::string level;
  bool operator==(const SeenEvent&) const = default;
};

std::ostream& operator<<(std::ostream& to, const SeenEvent& event);

/// As a comparison of the whole, with a failure that can be read.
void require_same(const std::vector<SeenEvent>& seen, const std::vector<SeenEvent>& expected);

RunDescription some_run();

/// Reads a batch as the daemon does, checks its envelope, and gives its events.
std::vector<SeenEvent> events_of(const SpoolBatch& batch);

/// All events up to the end, through batches of these limits.
std::vector<SeenEvent> read_on(SpoolReader& reader, const BatchLimits& limits = {},
                               std::vector<uint64_t>* batch_sizes = nullptr);

/// A spool in a directory of its own, written through a journal as the wrapper writes it, and the
/// events that its readers must give.
class TestSpool {
 public:
  explicit TestSpool(uint64_t segment_size_bytes = 1 << 20);

  /// Whole lines, each with its LF.
  void add_lines(Stream stream, const std::vector<std::string>& lines, int64_t time_us);
  /// One event of any other kind; `metadata` is what its metadata must say.
  void add(SpoolRecord record, int64_t time_us, const SeenEvent& expected);
  void append(const SpoolRecord& record, const std::vector<EventTimes>& times);
  /// Leaves numbers out, as a dropped record does.
  void skip_seq(uint64_t count) { next_seq_ += count; }

  std::unique_ptr<SpoolReader> open_reader(io::FileSystem* files = nullptr);
  const std::string& directory() const { return directory_.path(); }
  const std::vector<SeenEvent>& expected() const { return expected_; }
  uint64_t next_seq() const { return next_seq_; }
  uint64_t next_line(Stream stream) const { return next_lines_[stream == Stream::kStderr ? 1 : 0]; }
  journal::Writer& writer() { return *writer_; }

 private:
  gasoline::test::TemporaryDirectory directory_;
  io::RealFileSystem files_;
  SystemClock clock_;
  SystemRandom random_;
  std::unique_ptr<journal::Writer> writer_;
  std::vector<SeenEvent> expected_;
  uint64_t next_seq_ = 1;
  uint64_t next_lines_[2] = {1, 1};
};

}  // namespace gasoline::spool::test
