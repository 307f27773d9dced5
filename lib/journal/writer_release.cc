#include <algorithm>
#include <cerrno>

#include "journal/writer.h"

namespace gasoline::journal {

/// The oldest segment goes only after the name of the active one is durable: else a power cut could
/// leave a directory without any, and sequences would begin at 1 again.
Status Writer::make_active_name_durable() {
  if (options_.sync == SyncPolicy::kNever) return {};
  if (is_active_name_durable()) return {};
  uint64_t names_target = 0;
  {
    const std::scoped_lock lock(mutex_);
    names_target = names_changed_;
  }
  if (Status synced = directory_.sync(); !synced) return synced;
  const std::scoped_lock lock(mutex_);
  names_synced_ = std::max(names_synced_, names_target);
  return {};
}

bool Writer::is_active_name_durable() const {
  const std::scoped_lock lock(mutex_);
  return names_synced_ >= active_.named_at;
}

std::optional<Writer::Closed> Writer::oldest_closed(uint64_t end_sequence_max) const {
  const std::scoped_lock lock(mutex_);
  if (closed_.empty() || closed_.front().end_sequence > end_sequence_max) return std::nullopt;
  return closed_.front();
}

Status Writer::remove_oldest(const Closed& oldest) {
  const SegmentDirectory::Recycling recycling{options_.recycled_segments_max,
                                              options_.segment_size_bytes / 2,
                                              options_.segment_size_bytes * 2,
                                              giving_pool_ ? &*giving_pool_ : nullptr};
  Result<std::optional<uint32_t>> spare = directory_.remove(oldest.first_sequence, recycling);
  if (!spare) return std::move(spare).error();
  const std::scoped_lock lock(mutex_);
  ++names_changed_;
  if (spare->has_value()) spares_.push_back({**spare, names_changed_});
  if (!closed_.empty() && closed_.front().first_sequence == oldest.first_sequence) {
    closed_.pop_front();
  }
  std::erase_if(unsynced_,
                [&](const Unsynced& one) { return one.end_sequence <= oldest.end_sequence; });
  synced_sequence_ = std::max(synced_sequence_, oldest.end_sequence);
  return {};
}

Status Writer::release_before(uint64_t sequence) {
  const std::scoped_lock releasing(release_mutex_);
  while (const std::optional<Closed> oldest = oldest_closed(sequence)) {
    if (is_never_waiting() && !is_active_name_durable()) {
      return Error::from_errno(EAGAIN, "release segments of " + directory_.path());
    }
    if (Status durable = make_active_name_durable(); !durable) return durable;
    if (Status removed = remove_oldest(*oldest); !removed) return removed;
  }
  return {};
}

Result<std::optional<Writer::Dropped>> Writer::drop_oldest() {
  const std::scoped_lock releasing(release_mutex_);
  const std::optional<Closed> oldest = oldest_closed(UINT64_MAX);
  if (!oldest) return std::optional<Dropped>{};
  if (Status durable = make_active_name_durable(); !durable) return std::move(durable).error();
  if (Status removed = remove_oldest(*oldest); !removed) return std::move(removed).error();
  return std::optional<Dropped>(
      Dropped{oldest->first_sequence, oldest->end_sequence, oldest->size_bytes});
}

}  // namespace gasoline::journal
