#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "io/file_system.h"
#include "journal/writer.h"
#include "spool/run_description.h"
#include "spool/spool_record.h"

namespace gasoline::test {

/// The spool of a run, written record by record as the test wants it.
class SpoolMaker {
 public:
  SpoolMaker(io::FileSystem& files, const std::string& root);

  /// One record of whole lines. Each becomes an event with that message.
  void add_lines(const std::vector<std::string>& lines);
  /// Leaves the spool as a wrapper does that was killed: nobody holds its lock any more.
  void close() { journal_.reset(); }

  const std::string& directory() const { return directory_; }
  const spool::RunDescription& run() const { return run_; }
  uint64_t end_record() const { return journal_->next_sequence(); }
  uint64_t end_seq() const { return next_seq_; }
  /// Of all lines, as delivered: "RUN/SEQ" and the message.
  const std::vector<std::pair<std::string, std::string>>& events() const { return events_; }

 private:
  SystemClock clock_;
  SystemRandom random_;
  spool::RunDescription run_;
  std::string directory_;
  std::unique_ptr<journal::Writer> journal_;
  uint64_t next_seq_ = 1;
  std::vector<std::pair<std::string, std::string>> events_;
};

/// A record of a spool with bytes of its own.
struct SpooledRecord {
  uint64_t sequence = 0;  ///< in the journal
  spool::SpoolRecord record;
  std::vector<spool::EventTimes> times;
  std::string bytes;
};

/// Everything that a spool holds, from its oldest record on.
std::vector<SpooledRecord> read_spool(io::FileSystem& files, const std::string& directory);
/// The bytes of the captured lines and pieces of one stream, partial ones left out.
std::string spooled_text(const std::vector<SpooledRecord>& records, spool::Stream stream);

struct GapSum {
  uint64_t lines = 0;
  uint64_t bytes = 0;
  uint64_t events = 0;
  std::string reasons;  ///< one after another
};
GapSum sum_of_gaps(const std::vector<SpooledRecord>& records);

}  // namespace gasoline::test
