#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "base/live.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "daemon/run_marks.h"
#include "event/event.h"
#include "event/log_record.h"
#include "io/file_system.h"
#include "journal/sync_thread.h"
#include "journal/writer.h"

namespace gasoline::daemon {

/// The daemon's journal of all events, and the one truth: rings, indexes and run marks are views of
/// it.
///
/// append() is for the pipeline's thread; the counters may be read by any. docs/JOURNAL.md
/// describes the records.
class EventLog {
 public:
  struct Options {
    std::string directory;
    Live<uint64_t> size_bytes_max = 2ull << 30;
    Live<int64_t> ttl_us = 24ll * 3'600'000'000;
    journal::SyncPolicy sync = journal::SyncPolicy::kInterval;
  };
  /// Bytes of one batch, encoded: the bound of a journal record.
  static constexpr uint64_t kBatchSizeBytesMax = journal::kPayloadSizeMax;

  static Result<std::unique_ptr<EventLog>> open(io::FileSystem& files, Options options,
                                                const Clock& clock, Random& random, Log& log);

  /// Reads everything that is kept, in order, before the first append(): run marks are rebuilt,
  /// events go to `apply` in batches whose views are good during the call. Damage is skipped,
  /// counted and logged.
  Status replay(const std::function<void(std::span<const event::Event>)>& apply);

  /// Appends a batch; after return it survives kill -9. On Error none of it is in the log;
  /// kTooLarge if it encodes to more than kBatchSizeBytesMax.
  Status append(std::span<const event::Event> events);
  /// Everything appended is durable on return.
  Status sync() { return journal_->sync(); }
  /// Releases what is over the bounds, after writing the run marks down again.
  void retain();

  /// Moves the live bounds; the next retain() keeps them. Any thread.
  void set_bounds(uint64_t size_bytes_max, int64_t ttl_us) {
    options_.size_bytes_max = size_bytes_max;
    options_.ttl_us = ttl_us;
  }

  RunMarks& marks() { return marks_; }
  const RunMarks& marks() const { return marks_; }
  uint64_t size_bytes() const { return journal_->size_bytes(); }
  uint64_t first_sequence() const { return journal_->first_sequence(); }
  uint64_t next_sequence() const { return journal_->next_sequence(); }
  uint64_t synced_sequence() const { return journal_->synced_sequence(); }
  uint64_t damaged_records() const { return damaged_records_.load(std::memory_order_relaxed); }
  const Options& options() const { return options_; }

 private:
  /// A record's place in time, sampled every kSampleBytes, to know what the TTL releases.
  struct Sample {
    uint64_t sequence;
    int64_t time_us;
  };

  EventLog(io::FileSystem& files, Options options, const Clock& clock, Log& log,
           std::unique_ptr<journal::Writer> journal);

  Status append_payload(std::string_view payload, int64_t time_us);
  Status append_marks();
  void advance_marks(std::span<const event::Event> events);
  void sample(uint64_t sequence, int64_t time_us, uint64_t bytes);

  io::FileSystem& files_;
  Options options_;
  const Clock& clock_;
  Log& log_;
  std::unique_ptr<journal::Writer> journal_;
  std::unique_ptr<journal::SyncThread> sync_thread_;
  RunMarks marks_;
  std::string payload_;  // scratch of append
  event::LogRecord replayed_;
  Arena arena_;
  std::deque<Sample> samples_;
  uint64_t bytes_since_sample_ = 0;
  std::atomic<uint64_t> damaged_records_{0};
};

}  // namespace gasoline::daemon
