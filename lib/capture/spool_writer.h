#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/wake_up.h"
#include "capture/segment_ledger.h"
#include "capture/spool_claims.h"
#include "capture/stream_pump.h"
#include "io/file_system.h"
#include "io/sync_later.h"
#include "journal/segment_pool.h"
#include "journal/sync_thread.h"
#include "journal/writer.h"
#include "spool/run_description.h"
#include "spool/stream_framer.h"

namespace gasoline::capture {

/// One stream of the child on its way into the spool.
struct CapturedStream {
  spool::Stream stream;
  spool::StreamRing* ring;
  StreamPump* pump;
};

/// Journals what the pumps put into the rings: the spool of one run. A thread of its own, so that a
/// slow disk holds up neither the child nor the sender.
///
/// A record that cannot be written stays in its ring and is tried again, at growing intervals,
/// until it can. When the spool has reached its bound, its oldest segment is dropped and a gap
/// event says what was in it that nobody had acknowledged.
class SpoolWriter {
 public:
  struct Options {
    std::string directory;
    std::string memory_directory;  ///< used, up to kMemorySizeBytesMax, if `directory` cannot be
    uint64_t size_bytes_max = 1ull << 30;
    int64_t ttl_us = 24ll * 3'600'000'000;
    journal::SyncPolicy sync = journal::SyncPolicy::kInterval;
    size_t line_size_bytes_max = 1 << 20;
    /// Goes on with a spool that is there: the number of the run's next event. The rings' progress
    /// is in step with its journal (spool::open_run_journal).
    std::optional<uint64_t> resumed_at_seq;
    /// Asked on the spool's thread: true while what is spooled is sent nowhere.
    std::function<bool()> is_nobody_waiting = [] { return false; };
  };
  static constexpr uint64_t kMemorySizeBytesMax = 64ull << 20;
  static constexpr int64_t kGatherUs = 2'000;
  static constexpr int64_t kIdleGatherUs = 20'000;
  static constexpr uint64_t kGatherSizeBytesMax = 512 * 1024;

  struct Counters {
    std::atomic<uint64_t> lines{0};
    std::atomic<uint64_t> events{0};
    std::atomic<uint64_t> dropped_lines{0};  ///< from the spool, unacknowledged
    std::atomic<uint64_t> failed_appends{0};
    std::atomic<uint64_t> gatherings{0};  ///< waits in which lines that come fast were let collect
  };

  /// `on_spooled` is called from the spool's thread after something was written, `on_problem` once
  /// per cause with words for the user. All references must outlive the writer.
  SpoolWriter(io::FileSystem& files, const Clock& clock, Random& random, Options options,
              spool::RunDescription run, std::function<void()> on_spooled,
              std::function<void(const std::string&)> on_problem);
  ~SpoolWriter();
  SpoolWriter(const SpoolWriter&) = delete;
  SpoolWriter& operator=(const SpoolWriter&) = delete;

  /// Starts the thread, which makes the spool meanwhile: that takes as long as the child's start. For
  /// what is never followed by start() the destructor leaves nothing behind.
  void prepare();
  /// Starts the thread if prepare() has not. `started` holds the members of the run_started event's
  /// metadata, `pid` is the child's, 0 for that of `run`.
  void start(std::vector<CapturedStream> streams, std::string started, int64_t pid = 0);
  /// Look at the rings. Any thread; cheap while the spool's thread is busy.
  void notify() { wake_.notify(); }
  /// Something was published in `ring`. As notify(), but while lines come fast the spool's thread
  /// looks at the rings each kGatherUs, or kIdleGatherUs if nobody waits for them, and is woken only
  /// for kGatherSizeBytesMax. Any thread.
  void notify_published(const spool::StreamRing& ring);
  /// The pumps have ended: spool the rest and the run_ended event, and end the thread. Gives up on
  /// a disk that takes nothing for `patience_us`. False if something could not be spooled.
  bool finish(std::string ended, int64_t patience_us);
  /// For the sender of this spool.
  SpoolClaims& claims() { return claims_; }
  /// After finish(), when the sender has given up: tells of what it held, if it was dropped here.
  void tell_claimed_loss();
  /// All records below `record` were acknowledged. Any thread.
  void acknowledge(uint64_t record);

  /// Where the spool is; empty until it is open. Any thread.
  std::string directory() const;
  /// Sequence behind the last record written. Any thread.
  uint64_t end_record() const { return claims_.end_record.load(std::memory_order_acquire); }
  /// After finish(): the number of the run's next event, and of the stream's next line.
  uint64_t next_seq() const { return next_seq_; }
  uint64_t next_line(spool::Stream stream) const;
  const Counters& counters() const { return counters_; }
  /// After finish(): makes durable what stays in the spool. Nothing under SyncPolicy::kNever.
  Status sync();
  /// After finish(): true if sync() has nothing to do.
  bool is_synced() const;
  /// Removes the spool; call after finish(), when everything is acknowledged.
  Status remove();

 private:
  struct Lane {
    CapturedStream source;
    spool::StreamFramer framer;
  };

  void run();
  bool open_spool();
  bool wait_for_start();
  Status begin();
  void resume();
  Status open_in(const std::string& directory);
  bool drain(Lane& lane);
  void gather();
  bool append(const spool::SpoolRecord& record, const std::vector<spool::EventTimes>& times);
  bool append_to_journal(const spool::SpoolRecord& record,
                         const std::vector<spool::EventTimes>& times);
  void tell_loss();
  bool append_members(spool::RecordKind kind, const std::string& members, int64_t time_us);
  void make_room(uint64_t wanted_bytes);
  void expire();
  bool drop_oldest(std::string_view reason);
  void close_segment_when_full();
  void close_segment();
  void release_acknowledged();
  void note_oldest();
  bool is_drained() const;
  int64_t next_wait_us() const;
  void report(const Error& error);

  io::SyncLaterFileSystem files_;  // a start waits for no disk: the sync thread does
  const Clock& clock_;
  Random& random_;
  Options options_;
  spool::RunDescription run_;  // whole once has_started_
  const std::function<void()> on_spooled_;
  const std::function<void(const std::string&)> on_problem_;

  WakeUp wake_;
  std::atomic<bool> is_gathering_{false};
  std::atomic<bool> has_started_{false};
  std::atomic<bool> finishing_{false};
  std::atomic<uint64_t> acknowledged_record_{1};
  std::atomic<uint64_t> releasable_record_{UINT64_MAX};  // acknowledged so far, a segment can go
  mutable std::mutex directory_mutex_;
  std::string directory_;
  Counters counters_;

  // The spool's thread only, from start() to the end of finish().
  std::vector<Lane> lanes_;
  std::string started_;
  std::string ended_;
  std::string run_directory_;
  std::unique_ptr<journal::Writer> journal_;
  std::optional<journal::SegmentPool> pool_;  // none for a spool in memory
  std::unique_ptr<journal::SyncThread> sync_thread_;
  std::string head_;  // scratch for a record's head
  uint64_t next_seq_ = 1;
  uint64_t released_record_ = 1;
  SegmentLedger ledger_;
  SpoolClaims claims_;
  int64_t density_since_us_ = 0;
  uint64_t density_tail_ = 0;  // sum of the rings' tails then
  bool is_dense_ = false;
  int64_t retry_at_us_ = 0;
  int64_t retry_delay_us_ = 0;
  int64_t next_expiry_us_ = 0;
  int64_t give_up_at_us_ = 0;
  int64_t patience_us_ = 0;
  bool is_complete_ = false;
  std::vector<int> reported_;

  std::thread thread_;
};

}  // namespace gasoline::capture
