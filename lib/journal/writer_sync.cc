#include <algorithm>

#include "journal/segment_walk.h"
#include "journal/writer.h"

namespace gasoline::journal {

Status Writer::sync() {
  if (options_.sync == SyncPolicy::kNever) return {};
  const std::scoped_lock serialized(sync_mutex_);
  return sync_serialized();
}

/// Returns once the record is durable. One of the threads that wait for that syncs for all of them;
/// who came too late for it is part of the next group. Not a queue for sync_mutex_: there, those
/// whose records are durable already would stand behind the next fdatasync.
Status Writer::sync_together(uint64_t sequence) {
  std::unique_lock lock(group_mutex_);
  while (synced_sequence() <= sequence && is_group_syncing_) group_condition_.wait(lock);
  if (synced_sequence() > sequence) return {};
  is_group_syncing_ = true;
  lock.unlock();
  const Status synced = sync();
  lock.lock();
  is_group_syncing_ = false;
  group_condition_.notify_all();
  return synced;
}

/// Under sync_mutex_. The slow calls happen outside mutex_, so that appends go on meanwhile.
Status Writer::sync_serialized() {
  std::vector<std::shared_ptr<io::File>> files;
  uint64_t target = 0;
  uint64_t names_target = 0;
  bool are_names_durable = false;
  {
    const std::scoped_lock lock(mutex_);
    target = next_sequence();
    names_target = names_changed_;
    if (is_lost_) return Error::from_errno(ENOENT, "sync journal " + directory_.path());
    if (is_sync_failed_) return append_again();
    if (target == synced_sequence_ && names_target == names_synced_) return {};
    are_names_durable = names_target == names_synced_;
    for (const Unsynced& unsynced : unsynced_) files.push_back(unsynced.file);
    files.push_back(active_.file);
  }
  for (const std::shared_ptr<io::File>& file : files) {
    if (Status synced = file->sync_data(); !synced) {
      const std::scoped_lock lock(mutex_);
      is_sync_failed_ = true;
      if (!append_again()) return synced;
      return {};
    }
  }
  const Status names_synced = are_names_durable ? Status{} : directory_.sync();
  const std::scoped_lock lock(mutex_);
  if (Status checked = check_names(); !checked) return checked;
  if (!names_synced) return names_synced;
  names_synced_ = std::max(names_synced_, names_target);
  synced_sequence_ = std::max(synced_sequence_, target);
  std::erase_if(unsynced_, [&](const Unsynced& one) { return one.end_sequence <= target; });
  return {};
}

/// Under sync_mutex_ and mutex_. Puts every record that is not known to be durable into a new
/// segment, which takes the place of all that held them, and makes it durable. On Error what could
/// not be done is left for the next call.
Status Writer::append_again() {
  const bool is_never = options_.sync == SyncPolicy::kNever;
  const uint64_t begin = is_never ? next_sequence() : synced_sequence_;
  const SegmentHeader header = new_header(begin, kSegmentAppendedAgain);
  Result<SegmentDirectory::Draft> draft = directory_.draft(header, {}, false);
  if (!draft) return std::move(draft).error();
  uint64_t end_offset = kSegmentHeaderSize;
  Status done = copy_unsynced(*draft->file, header.segment_id, begin, end_offset);
  if (done && !is_never) done = draft->file->sync_data();
  if (done) done = directory_.publish(*draft, begin);
  if (!done) {
    directory_.discard(*draft);
    return done;
  }

  std::vector<uint64_t> replaced;
  if (active_.first_sequence < begin) {
    closed_.push_back({active_.first_sequence, begin, active_.end_offset});
  } else if (active_.first_sequence > begin) {
    replaced.push_back(active_.first_sequence);
  }
  while (!closed_.empty() && closed_.back().end_sequence > begin) {
    Closed& last = closed_.back();
    if (last.first_sequence < begin) {
      last.end_sequence = begin;
      break;
    }
    if (last.first_sequence > begin) replaced.push_back(last.first_sequence);
    closed_.pop_back();
  }
  unsynced_.clear();
  is_sync_failed_ = false;
  adopt(std::move(*draft), header);
  active_.end_offset = end_offset;
  const uint64_t copied_until = next_sequence();
  for (const uint64_t first : replaced) {
    Result<std::optional<uint32_t>> removed = directory_.remove(first, {});
    if (!removed) return std::move(removed).error();
  }
  if (is_never) return {};
  if (Status synced = directory_.sync(); !synced) return synced;
  names_synced_ = names_changed_;
  synced_sequence_ = copied_until;
  return {};
}

/// Reads the records back through their old descriptors: the page cache still has them, whatever
/// became of the disk.
Status Writer::copy_unsynced(io::File& to, uint64_t segment_id, uint64_t from_sequence,
                             uint64_t& end_offset) {
  if (from_sequence == next_sequence()) return {};
  std::vector<Unsynced> sources = unsynced_;
  sources.push_back({active_.file, active_.segment_id, next_sequence(), active_.end_offset});
  for (const Unsynced& source : sources) {
    SegmentWalk walk(*source.file, source.segment_id, 1, source.end_offset);
    for (;;) {
      Result<std::optional<WalkedFrame>> next = walk.next();
      if (!next) return std::move(next).error();
      if (!next->has_value()) break;
      const Frame& frame = (*next)->frame;
      if (frame.sequence < from_sequence) continue;
      from_sequence = frame.sequence + 1;
      if (Status written = write_frame(to, segment_id, frame, end_offset); !written) return written;
    }
  }
  return {};
}

/// The directory or the active segment was removed under us: makes them again and goes on with the
/// next sequence, taking along what was not durable.
Status Writer::restore_directory() {
  const std::scoped_lock serialized(sync_mutex_);
  const std::scoped_lock lock(mutex_);
  if (!is_lost_) return {};
  directory_.unlock();
  if (Status locked = directory_.lock(); !locked) return locked;
  if (Status again = append_again(); !again) return again;
  Result<SegmentDirectory::Names> names = directory_.list();
  if (!names) return std::move(names).error();
  std::erase_if(closed_, [&](const Closed& closed) {
    return !std::binary_search(names->segments.begin(), names->segments.end(),
                               closed.first_sequence);
  });
  is_lost_ = false;
  names_checked_us_ = clock_.monotonic_us();
  return {};
}

}  // namespace gasoline::journal
