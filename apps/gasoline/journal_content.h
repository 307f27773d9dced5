#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "event/log_record.h"
#include "io/file_system.h"
#include "journal/reader.h"
#include "spool/spool_record.h"

namespace gasoline::cli {

/// A record of a run's spool.
struct SpoolEntry {
  uint64_t sequence;
  const spool::SpoolRecord& record;
  const std::vector<spool::EventTimes>& times;
};

/// A record of the event log.
struct LogEntry {
  uint64_t sequence;
  const event::LogRecord& record;
};

/// A record of a form that this program does not know: a newer one's, perhaps.
struct UnknownEntry {
  uint64_t sequence;
  std::string_view payload;
};

/// What a journal holds at one place, valid during the call that shows it.
using JournalEntry = std::variant<SpoolEntry, LogEntry, UnknownEntry, journal::Corruption>;

/// True if `directory` is the spool of a run; else it is taken for an event log.
bool is_spool(io::FileSystem& files, const std::string& directory);

/// Shows all of a journal in order, live or dead, up to its end, or until `show` returns false. What is
/// written into segments begun after the call is left out: a writer may be faster than `show`.
Status for_each_entry(io::FileSystem& files, const std::string& directory,
                      const std::function<bool(const JournalEntry&)>& show);

/// The next event's bytes of a spool record, its LF included, off the front of `rest`.
std::string_view take_event_bytes(spool::RecordKind kind, std::string_view& rest);

/// Puts the captured bytes of a spool in their order again, each once: an unfinished line that was
/// journalled after a second's silence comes again with its whole line, in whose place it is shown.
class CapturedBytes {
 public:
  /// Appends to `to` what the record adds.
  void add(const spool::SpoolRecord& record, std::string& to);
  /// Appends the lines that were never finished.
  void finish(std::string& to);

 private:
  struct Held {
    uint64_t stream_offset = 0;
    std::string bytes;
  };
  Held held_[2];  // of stdout and stderr
};

/// What a journal's records say in all.
struct ContentCounts {
  uint64_t lines[2] = {0, 0};  ///< of stdout and stderr, an unfinished last one included
  uint64_t bytes[2] = {0, 0};
  uint64_t events = 0;
  uint64_t gaps = 0;  ///< events that tell of what was not captured ...
  uint64_t gap_lines = 0;
  uint64_t gap_bytes = 0;  ///< ... and how much that was
  uint64_t marks = 0;      ///< of runs
  uint64_t unknown_records = 0;
  int64_t first_us = 0;  ///< read time or timestamp of the oldest event; 0 if there is none
  int64_t last_us = 0;

  void add(const JournalEntry& entry);

 private:
  void add_spool(const SpoolEntry& entry);
  void add_log(const LogEntry& entry);
  void note_gap(std::string_view metadata);
  void note_time(int64_t time_us);
};

/// Appends one JSON object a line: a record's events with their fields, run marks, or damage.
void append_ndjson(std::string& to, const JournalEntry& entry);

}  // namespace gasoline::cli
