#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "io/file_system.h"
#include "journal/format.h"
#include "journal/segment_directory.h"
#include "journal/segment_pool.h"

namespace gasoline::journal {

/// When records become durable: by whoever calls sync() every sync_interval_us (a SyncThread does),
/// by every append before it returns, or whenever the kernel likes (sync() then does nothing).
enum class SyncPolicy { kInterval, kAlways, kNever };

struct WriterOptions {
  uint64_t segment_size_bytes = 64ull << 20;  ///< closed when the next record would pass this
  SyncPolicy sync = SyncPolicy::kInterval;
  int64_t sync_interval_us = 50'000;
  /// Closed segments that may wait for a sync before an append waits for it, too. The same for all
  /// who write a journal one after the other.
  size_t unsynced_segments_max = 2;
  /// Under kInterval, an append that starts a segment waits for no disk: the header is made durable
  /// by the sync that makes the first records so. Then only new files are taken: an old one, that a
  /// power cut leaves under a new name and without its new header, would show its old records. And
  /// release_before() waits for no disk either: EAGAIN until a sync has made it safe.
  bool starts_segments_unsynced = false;
  uint32_t recycled_segments_max = 2;  ///< emptied segments kept for reuse; 0 deletes them
  /// Of a SegmentPool, on the journal's file system, that gets the other emptied segments, and that
  /// all segments but the first are taken from where there is no spare. Empty: none.
  std::string pool_directory;
};

/// Appends records to the journal in one directory. One writer per directory, by lock.
///
/// append() may run on one thread, sync() on another and the rest on any: a slow fdatasync never
/// holds up an append, except at the start of a segment (see starts_segments_unsynced) and when
/// unsynced_segments_max closed ones wait for it. Concurrent appends under kAlways share one
/// fdatasync. Destruction closes without syncing.
///
/// After a power cut everything below synced_sequence() is there. After kill -9 everything appended
/// is there. Any Error leaves the journal readable and the writer usable: the operation is tried
/// anew by the next call. A failed fdatasync is final for its descriptor: what was not durable is
/// read back from the page cache and appended again to a new segment.
class Writer {
 public:
  static constexpr size_t kPartsMax = 1000;

  /// Makes the directory if needed, takes the lock (Error::kLocked names the owner's pid if it is
  /// known), cuts the torn tail and goes on after the last intact record. Symbolic links in place
  /// of the journal's files are refused. `files`, `clock` and `random` must outlive the writer.
  static Result<std::unique_ptr<Writer>> open(io::FileSystem& files, const std::string& directory,
                                              WriterOptions options, const Clock& clock,
                                              Random& random);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Appends one record, whose payload is the parts one after another (at most kPartsMax parts and
  /// kPayloadSizeMax bytes, else Error::kTooLarge). After return the record is in the page cache.
  /// Returns its sequence: 1, 2, 3 ... One system call and no allocation unless it starts a
  /// segment. On Error the record is not in the journal, with one exception: under kAlways, an
  /// Error while next_sequence() has moved on means that it was appended but could not be made
  /// durable.
  Result<uint64_t> append(std::span<const std::string_view> parts);
  Result<uint64_t> append(std::string_view payload) {
    return append(std::span<const std::string_view>(&payload, 1));
  }

  /// Everything appended before the call is durable on return.
  Status sync();

  uint64_t next_sequence() const { return next_sequence_.load(std::memory_order_acquire); }
  /// The oldest record kept; next_sequence() if there is none.
  uint64_t first_sequence() const;
  /// All records below are durable. Under kNever the same as next_sequence().
  uint64_t synced_sequence() const;
  /// Of all segments: headers and records.
  uint64_t size_bytes() const;
  const WriterOptions& options() const { return options_; }

  /// Removes (or recycles) every closed segment all of whose records are below `sequence`.
  Status release_before(uint64_t sequence);

  struct Dropped {
    uint64_t first_sequence;
    uint64_t end_sequence;
    uint64_t bytes;
  };
  /// What drop_oldest() would remove, one after another.
  std::vector<Dropped> closed_segments() const;
  /// Removes the oldest closed segment whether or not it was released; nullopt if only the active
  /// one is left.
  Result<std::optional<Dropped>> drop_oldest();

  /// Closes the active segment now, so that release_before() can reach it. Nothing if it is empty.
  Status rotate();

  /// Blocks until a record waits for sync(), stop_waiting() is called or `timeout_us` have passed.
  /// True in the first case. For one thread.
  bool wait_for_unsynced(int64_t timeout_us);
  void stop_waiting();

 private:
  struct Active {
    std::shared_ptr<io::File> file;
    std::string path;
    uint64_t segment_id = 0;
    uint64_t first_sequence = 1;
    uint64_t end_offset = kSegmentHeaderSize;  // where the next record goes
    uint64_t file_size_bytes = 0;              // more than end_offset in a recycled file
    uint64_t named_at = 0;                     // names_changed_ when it got its name
    bool is_broken = false;                    // takes no more records
  };
  struct Closed {
    uint64_t first_sequence;
    uint64_t end_sequence;
    uint64_t size_bytes;
  };
  struct Unsynced {
    std::shared_ptr<io::File> file;
    uint64_t segment_id;
    uint64_t end_sequence;
    uint64_t end_offset;
  };
  struct Spare {
    uint32_t number;
    uint64_t named_at;  // names_changed_ when it became one
  };
  using Lock = std::unique_lock<std::mutex>;

  Writer(io::FileSystem& files, std::string directory, WriterOptions options, const Clock& clock,
         Random& random);

  Status recover();
  Status recover_last_segment(uint64_t first_sequence);
  Status recover_closed_segments(const std::vector<uint64_t>& segments);
  Result<bool> is_usual_segment(uint64_t first_sequence) const;
  Status remove_leftovers(const SegmentDirectory::Names& names);

  Status prepare(Lock& lock, uint64_t frame_size_bytes, bool close_active);
  Status start_segment();
  Result<std::string> take_spare();
  void adopt(SegmentDirectory::Draft draft, const SegmentHeader& header);
  Status check_names();
  SegmentHeader new_header(uint64_t first_sequence, uint32_t flags);
  void announce();

  Status sync_together(uint64_t sequence);
  Status sync_serialized();
  Status append_again();
  Status copy_unsynced(io::File& to, uint64_t segment_id, uint64_t from_sequence,
                       uint64_t& end_offset);
  Status restore_directory();
  Status make_active_name_durable();
  bool is_active_name_durable() const;
  bool is_never_waiting() const {
    return options_.starts_segments_unsynced && options_.sync == SyncPolicy::kInterval;
  }
  std::optional<Closed> oldest_closed(uint64_t end_sequence_max) const;
  Status remove_oldest(const Closed& oldest);

  io::FileSystem& files_;
  const WriterOptions options_;
  const Clock& clock_;
  Random& random_;
  JournalId journal_id_;

  // Lock order: release_mutex_, sync_mutex_, mutex_. Only mutex_ is taken by a usual append.
  // group_mutex_ is held for no call but synced_sequence().
  std::mutex release_mutex_;
  std::mutex sync_mutex_;
  mutable std::mutex mutex_;
  SegmentDirectory directory_;
  Active active_;
  std::deque<Closed> closed_;       // oldest first
  std::vector<Unsynced> unsynced_;  // closed but not durable yet, oldest first
  std::vector<Spare> spares_;       // oldest first
  std::optional<SegmentPool> taking_pool_;  // each for the threads that have its mutex:
  std::optional<SegmentPool> giving_pool_;  // mutex_, and release_mutex_
  std::atomic<uint64_t> next_sequence_{1};
  uint64_t synced_sequence_ = 1;
  uint64_t names_changed_ = 0;  // counts changes of the directory ...
  uint64_t names_synced_ = 0;   // ... and how many of them are durable
  int64_t names_checked_us_ = 0;
  bool is_sync_failed_ = false;  // a descriptor of unsynced_ or active_ cannot be trusted again
  bool is_lost_ = false;         // the directory or the active segment's name is gone

  std::mutex group_mutex_;  // kAlways only
  std::condition_variable group_condition_;
  bool is_group_syncing_ = false;

  std::mutex wait_mutex_;
  std::condition_variable wait_condition_;
  std::atomic<bool> is_waiting_{false};
  bool is_stopped_ = false;
};

}  // namespace gasoline::journal
