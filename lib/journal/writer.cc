#include "journal/writer.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <memory>

namespace gasoline::journal {
namespace {

bool is_lack_of_space(int code) {
  return code == ENOSPC || code == EDQUOT;
}

Error too_large(std::string_view what) {
  return Error::of(Error::kTooLarge, "append to the journal", what);
}

}  // namespace

Writer::Writer(io::FileSystem& files, std::string directory, WriterOptions options,
               const Clock& clock, Random& random)
    : files_(files),
      options_(std::move(options)),
      clock_(clock),
      random_(random),
      directory_(files, std::move(directory)) {
  if (options_.pool_directory.empty()) return;
  taking_pool_.emplace(files, options_.pool_directory);
  giving_pool_.emplace(files, options_.pool_directory);
}

Writer::~Writer() {
  // Old records behind the end of a recycled file are no harm, but no use to anybody either.
  if (active_.file != nullptr && active_.file_size_bytes > active_.end_offset && !is_lost_) {
    static_cast<void>(active_.file->truncate(active_.end_offset).has_value());
  }
}

Result<uint64_t> Writer::append(std::span<const std::string_view> parts) {
  if (parts.size() > kPartsMax) return too_large("too many parts");
  // Not an array of views: clearing all of them would cost more than the usual record.
  alignas(std::string_view) std::array<std::byte, (kPartsMax + 1) * sizeof(std::string_view)> room;
  auto* const pieces = reinterpret_cast<std::string_view*>(room.data());
  std::uninitialized_copy(parts.begin(), parts.end(), pieces + 1);
  uint64_t payload_size = 0;
  for (const std::string_view part : parts) payload_size += part.size();
  if (payload_size > kPayloadSizeMax) return too_large("a record holds at most 16 MiB");

  uint64_t sequence = 0;
  {
    Lock lock(mutex_);
    const uint64_t frame_size = kRecordHeaderSize + payload_size;
    if (Status ready = prepare(lock, frame_size, false); !ready) return std::move(ready).error();
    sequence = next_sequence_.load(std::memory_order_relaxed);
    const RecordHeaderBytes header =
        make_record_header(active_.segment_id, active_.end_offset, sequence,
                           static_cast<uint32_t>(payload_size), parts);
    std::construct_at(pieces, header.data(), header.size());
    Status written = active_.file->write_at(
        std::span<const std::string_view>(pieces, parts.size() + 1), active_.end_offset);
    if (!written) {
      // Half a record may stand there now; the next one is written over it. After anything but a
      // lack of space the place itself is suspect.
      active_.file_size_bytes = UINT64_MAX;
      active_.is_broken = !is_lack_of_space(written.error().code);
      return std::move(written).error();
    }
    active_.end_offset += frame_size;
    next_sequence_.store(sequence + 1, std::memory_order_seq_cst);
  }
  announce();
  if (options_.sync == SyncPolicy::kAlways) {
    if (Status synced = sync_together(sequence); !synced) return std::move(synced).error();
  }
  return sequence;
}

/// Sees to it that the active segment takes `frame_size_bytes` more. Gives up `lock` while it waits
/// for a sync.
Status Writer::prepare(Lock& lock, uint64_t frame_size_bytes, bool close_active) {
  for (;;) {
    if (is_lost_) {
      lock.unlock();
      Status restored = restore_directory();
      lock.lock();
      if (!restored) return restored;
      continue;
    }
    const int64_t now_us = clock_.monotonic_us();
    if (now_us - names_checked_us_ >= options_.sync_interval_us) {
      names_checked_us_ = now_us;
      if (Status checked = check_names(); !checked) return checked;
    }
    const bool is_empty = next_sequence() == active_.first_sequence;
    const bool is_full = active_.end_offset + frame_size_bytes > options_.segment_size_bytes;
    if (!active_.is_broken && (is_empty || !(is_full || close_active))) return {};
    if (options_.sync == SyncPolicy::kNever || unsynced_.size() < options_.unsynced_segments_max) {
      if (Status started = start_segment(); !started) return started;
      close_active = false;
      continue;
    }
    lock.unlock();
    Status synced = sync();
    lock.lock();
    if (!synced) return synced;
  }
}

/// The path of a file to be written over; empty if there is none. A spare may be written over only
/// once it is durably a spare: else a power cut could bring its old name back over new records. The
/// sync thread has usually seen to that. Not from the pool for the first segment: most runs need but
/// a little of it, and none that waits for a disk.
Result<std::string> Writer::take_spare() {
  if (is_never_waiting()) return std::string();
  if (spares_.empty()) {
    if (!taking_pool_ || active_.file == nullptr) return std::string();
    const bool is_durable = options_.sync != SyncPolicy::kNever;
    const Result<bool> taken = taking_pool_->take(directory_.unfinished_path(), is_durable);
    return taken && *taken ? directory_.unfinished_path() : std::string();
  }
  const Spare oldest = spares_.front();
  if (oldest.named_at > names_synced_ && options_.sync != SyncPolicy::kNever) {
    if (Status synced = directory_.sync(); !synced) return std::move(synced).error();
    names_synced_ = names_changed_;
  }
  spares_.erase(spares_.begin());
  return directory_.spare_path(oldest.number);
}

/// Closes the active segment and starts the next. Under mutex_. On Error nothing has changed.
Status Writer::start_segment() {
  const bool is_never = options_.sync == SyncPolicy::kNever;
  const uint64_t next = next_sequence();
  const SegmentHeader header = new_header(next, 0);
  Result<std::string> spare = take_spare();
  if (!spare) return std::move(spare).error();
  const bool is_durable = !is_never && !is_never_waiting();
  Result<SegmentDirectory::Draft> draft = directory_.draft(header, *spare, is_durable);
  if (!draft) return std::move(draft).error();
  // What stands behind the end is no harm, so cut it only where it is much: it can take long.
  if (active_.file != nullptr &&
      active_.file_size_bytes > active_.end_offset + options_.segment_size_bytes / 4) {
    static_cast<void>(active_.file->truncate(active_.end_offset).has_value());
  }
  if (Status published = directory_.publish(*draft, next); !published) {
    directory_.discard(*draft);
    return published;
  }
  if (active_.file != nullptr && next > active_.first_sequence) {
    closed_.push_back({active_.first_sequence, next, active_.end_offset});
    if (!is_never) {
      unsynced_.push_back({active_.file, active_.segment_id, next, active_.end_offset});
    }
  }
  adopt(std::move(*draft), header);
  return {};
}

void Writer::adopt(SegmentDirectory::Draft draft, const SegmentHeader& header) {
  active_.named_at = ++names_changed_;
  active_.file = std::move(draft.file);
  active_.path = directory_.segment_path(header.first_sequence);
  active_.segment_id = header.segment_id;
  active_.first_sequence = header.first_sequence;
  active_.end_offset = kSegmentHeaderSize;
  active_.file_size_bytes = draft.size_bytes;
  active_.is_broken = false;
}

/// Under mutex_. A removed directory takes writes through an open descriptor for ever, so its
/// absence has to be looked for.
Status Writer::check_names() {
  Result<io::FileStatus> named = files_.status(active_.path);
  Result<io::FileStatus> held = active_.file->status();
  if (!held) return std::move(held).error();
  if (named && named->inode == held->inode && named->device == held->device) return {};
  if (!named && named.error().code != ENOENT && named.error().code != ENOTDIR) {
    return std::move(named).error();
  }
  is_lost_ = true;
  Error error = Error::from_errno(ENOENT, "append to " + active_.path);
  error.detail = "the file was removed; the next append makes it again";
  return error;
}

SegmentHeader Writer::new_header(uint64_t first_sequence, uint32_t flags) {
  SegmentHeader header;
  header.flags = flags;
  while (header.segment_id == 0) header.segment_id = random_.next_u64();
  header.journal_id = journal_id_;
  header.first_sequence = first_sequence;
  header.creation_us = clock_.wall_us();
  return header;
}

uint64_t Writer::first_sequence() const {
  const std::scoped_lock lock(mutex_);
  return closed_.empty() ? active_.first_sequence : closed_.front().first_sequence;
}

uint64_t Writer::synced_sequence() const {
  const std::scoped_lock lock(mutex_);
  return options_.sync == SyncPolicy::kNever ? next_sequence() : synced_sequence_;
}

uint64_t Writer::size_bytes() const {
  const std::scoped_lock lock(mutex_);
  uint64_t sum = active_.end_offset;
  for (const Closed& closed : closed_) sum += closed.size_bytes;
  return sum;
}

std::vector<Writer::Dropped> Writer::closed_segments() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Dropped> segments;
  for (const Closed& closed : closed_) {
    segments.push_back({closed.first_sequence, closed.end_sequence, closed.size_bytes});
  }
  return segments;
}

Status Writer::rotate() {
  Lock lock(mutex_);
  return prepare(lock, 0, true);
}

void Writer::announce() {
  if (!is_waiting_.load(std::memory_order_seq_cst)) return;
  const std::scoped_lock lock(wait_mutex_);
  wait_condition_.notify_all();
}

bool Writer::wait_for_unsynced(int64_t timeout_us) {
  std::unique_lock lock(wait_mutex_);
  is_waiting_.store(true, std::memory_order_seq_cst);
  bool is_unsynced = false;
  wait_condition_.wait_for(lock, std::chrono::microseconds(timeout_us), [&] {
    is_unsynced = next_sequence_.load(std::memory_order_seq_cst) != synced_sequence();
    return is_unsynced || is_stopped_;
  });
  is_waiting_.store(false, std::memory_order_seq_cst);
  return is_unsynced;
}

void Writer::stop_waiting() {
  const std::scoped_lock lock(wait_mutex_);
  is_stopped_ = true;
  wait_condition_.notify_all();
}

}  // namespace gasoline::journal
