#include <fmt/format.h>

#include <algorithm>

#include "source/file/follower.h"
#include "source/gap_batch.h"

namespace gasoline::source {

/// A file that is truncated again and again must not pile up what is looked for, nor what is to be
/// told of while the event log takes nothing.
void Follower::give_up_oldest(const Path& path) {
  std::vector<Generation*> orphans;
  for (const auto& [key, generation] : generations_) {
    const bool is_one = generation->state == Generation::State::kOrphaned &&
                        generation->path == path.path && generation->in_flight == 0;
    if (is_one) orphans.push_back(generation.get());
  }
  if (orphans.size() <= kOrphansMax) return;
  Generation& oldest = **std::min_element(
      orphans.begin(), orphans.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  if (orphans.size() <= 2 * kOrphansMax) return give_up(oldest, "no copy of it was found");
  count_loss(oldest, oldest.bytes_not_read());
  end_generation(oldest);
}

/// What was read of a copy is all that there is.
void Follower::finish_copied(Generation& generation) {
  const bool is_read = generation.is_at_end && !generation.is_queued && generation.in_flight == 0 &&
                       !generation.must_rewind && !pending_.has_value();
  if (!is_read || flush_remainder(generation)) return;
  generation.content.reset();
  generation.resume_offset = generation.read_offset;
  set_state(generation, Generation::State::kOrphaned);
  give_up(generation, "they are not in the copy");
}

/// Ends a generation of which nothing more is to be had. If something is missing, a gap event in
/// its place comes first: until that is in the event log, it is tried again.
void Follower::give_up(Generation& generation, std::string_view why) {
  if (generation.in_flight > 0) return;
  generation.is_given_up = true;
  if (generation.missing.empty() && generation.bytes_not_read() > 0) generation.missing = why;
  if (generation.missing.empty() || generation.is_loss_told) return end_generation(generation);
  if (pending_.has_value() || !make_registered(generation)) return;
  tell_loss(generation);
}

void Follower::tell_loss(Generation& generation) {
  event::Gap gap;
  gap.bytes = generation.bytes_not_read();
  gap.to_us = generation.changed_us;
  const bool is_known = generation.last_line_us > 0 && generation.last_line_us < gap.to_us;
  gap.from_us = is_known ? generation.last_line_us : gap.to_us;
  gap.reason = generation.missing;
  // A file that may come back, on a disk that is not there yet, can still be read on then.
  const bool is_gone = generation.inode == 0;
  const uint64_t next = std::max(generation.resume_offset, generation.after_seq) + 1;
  const uint64_t seq = is_gone ? std::max(generation.size_seen, next) : next;
  LineBatch batch = batch_of(generation);
  const FileLabels* labels = labels_.of(generation.path);
  make_gap_batch(gap, seq, labels == nullptr ? event::SourceKind::kFile : labels->kind, batch);
  generation.is_loss_told = true;
  generation.after_seq = seq;
  hand_over(generation, std::move(batch),
            {generation.key, generation.taken_offset, seq, 0, 0, gap.bytes, true, Taken::kYes});
}

void Follower::count_loss(const Generation& generation, uint64_t bytes) {
  lost_bytes_ += bytes;
  ++losses_;
  const std::string many = bytes > 0 ? fmt::format("at least {} bytes", bytes) : "lines perhaps";
  warn(fmt::format("{}: {} were lost: {}", generation.path, many, generation.missing));
}

}  // namespace gasoline::source
