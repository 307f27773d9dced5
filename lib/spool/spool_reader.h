#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"
#include "journal/reader.h"
#include "spool/run_description.h"
#include "spool/spool_record.h"

namespace gasoline::spool {

/// A place between two events of a spool.
struct SpoolPosition {
  uint64_t record = 1;       ///< sequence in the journal
  uint64_t event_index = 0;  ///< events of that record that come before
};

/// A number of consecutive events of one run, in the form in which the daemon takes them.
struct SpoolBatch {
  std::string body;        ///< JSON as of POST /v1/events
  uint64_t first_seq = 0;  ///< of the run
  uint64_t events = 0;     ///< 0: nothing more for now
  uint64_t end_seq() const { return first_seq + events; }
};

struct BatchLimits {
  uint64_t events_max = 10'000;
  uint64_t body_size_bytes_max = 4 << 20;  ///< passed by at most one event
  /// Of a live spool whose writer tells: records from here on are not written yet. Without it the
  /// end has to be looked for at every call, in the directory too.
  uint64_t end_record = UINT64_MAX;
};

/// Reads a spool, live or dead, and makes batches of it. One thread at a time.
///
/// Events of one batch have consecutive numbers: where some are missing, a new batch begins. Of a
/// dropped segment the spool has a gap event. In the place of damaged records comes a gap event of
/// the reader's own, a batch by itself under the last of the missing numbers.
class SpoolReader {
 public:
  static Result<std::unique_ptr<SpoolReader>> open(io::FileSystem& files,
                                                   const std::string& directory,
                                                   RunDescription run);

  /// Fills `batch` from the current position on and moves behind it. An Error leaves the position.
  Status next_batch(const BatchLimits& limits, SpoolBatch& batch);
  /// Where the next batch begins.
  SpoolPosition position() const { return position_; }
  /// Goes back (to send smaller batches, or again). Opens the journal anew.
  Status seek(SpoolPosition position);
  /// Records that could not be read since open().
  uint64_t damaged_records() const { return damaged_records_; }

 private:
  SpoolReader(io::FileSystem& files, std::string directory, RunDescription run);

  enum class Fetched { kRecord, kEnd };
  Result<Fetched> fetch(uint64_t end_record);
  int64_t take_time();
  bool has_damage_before() const;
  void fill_with_damage(SpoolBatch& batch);
  void begin_batch(SpoolBatch& batch, uint64_t first_seq) const;
  bool add_events(const BatchLimits& limits, SpoolBatch& batch);
  void append_event(std::string& body, std::string_view bytes, uint64_t index, int64_t time_us);

  io::FileSystem& files_;
  const std::string directory_;
  const RunDescription run_;
  std::unique_ptr<journal::Reader> journal_;
  SpoolPosition position_;
  uint64_t damaged_records_ = 0;
  uint64_t expected_seq_ = 0;  // of the next event; 0 if none was read yet
  bool is_damaged_ = false;    // since that event

  // The record being cut into events. Its bytes belong to journal_.
  bool has_record_ = false;
  SpoolRecord record_;
  std::vector<EventTimes> times_;
  std::string_view rest_;         // of the record's bytes, from position_ on
  size_t time_group_ = 0;         // index behind the group in use
  uint64_t time_group_left_ = 0;  // events of that group still to come
};

}  // namespace gasoline::spool
