#include <algorithm>

#include "store/shelf.h"

namespace gasoline::store {

uint64_t Shelf::arrival_limit() const {
  const std::lock_guard lock(mutex_);
  return next_arrival_;
}

int64_t Shelf::receive_cutoff_us() const {
  return clock_.wall_us() - options_.ttl_us;
}

std::vector<uint32_t> Shelf::blocks_of_id(uint64_t id_hash) const {
  std::vector<uint32_t> blocks;
  {
    const std::lock_guard lock(mutex_);
    postings_.for_each(id_hash, [&](uint32_t serial) {
      const SerialOfBlock* const found = serials_.find(hash_of_serial(serial));
      if (found != nullptr) blocks.push_back(found->block);
      return true;
    });
  }
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  return blocks;
}

std::vector<uint32_t> Shelf::newest_blocks_of_id(uint64_t id_hash, size_t count_max,
                                                 uint64_t& begun_at) const {
  std::vector<uint32_t> blocks;
  begun_at = 0;
  uint64_t arrival = UINT64_MAX;
  const std::lock_guard lock(mutex_);
  postings_.for_each(id_hash, [&](uint32_t serial) {
    const SerialOfBlock* const found = serials_.find(hash_of_serial(serial));
    if (found == nullptr) return true;
    if (blocks.size() == count_max) {
      begun_at = arrival;
      return false;
    }
    blocks.push_back(found->block);
    // A block gets its posting some time before its last event arrives, older postings before that.
    arrival = std::min(arrival, blocks_[found->block].last_arrival);
    return true;
  });
  return blocks;
}

std::vector<Shelf::Span> Shelf::spans_of(std::span<const uint32_t> blocks) const {
  std::vector<Span> spans;
  const std::lock_guard lock(mutex_);
  for (const uint32_t index : blocks) {
    spans.push_back({index, blocks_[index].timestamp_min_us, blocks_[index].timestamp_max_us});
  }
  return spans;
}

std::vector<Shelf::Span> Shelf::older_blocks_reaching(int64_t timestamp_us,
                                                      uint64_t begun_at) const {
  std::vector<Span> spans;
  const auto add = [&](uint32_t index) {
    const Block& block = blocks_[index];
    if (block.first_arrival >= begun_at || block.timestamp_max_us < timestamp_us) return;
    spans.push_back({index, block.timestamp_min_us, block.timestamp_max_us});
  };
  const std::lock_guard lock(mutex_);
  for (const Ring& ring : rings_) {
    if (ring.open != Ring::kNoBlock) add(ring.open);
    for (auto at = ring.sealed.rbegin(); at != ring.sealed.rend(); ++at) {
      if (at->reached_us < timestamp_us) break;
      add(at->block);
    }
  }
  return spans;
}

bool Shelf::may_be_linked(uint64_t id_hash) const {
  const std::lock_guard lock(mutex_);
  return postings_.may_be_linked(id_hash);
}

std::vector<uint32_t> Shelf::blocks_since(uint64_t from, uint64_t& limit) const {
  std::vector<uint32_t> blocks;
  const auto add = [&](uint32_t index) {
    const Block& block = blocks_[index];
    if (block.published() == 0) return true;
    if (block.last_arrival < from) return false;
    blocks.push_back(index);
    return true;
  };
  const std::lock_guard lock(mutex_);
  limit = next_arrival_;
  for (const Ring& ring : rings_) {
    if (ring.open != Ring::kNoBlock && !add(ring.open)) continue;
    // A ring's blocks are in order of arrival: older ones than one that is too old are so too.
    for (auto at = ring.sealed.rbegin(); at != ring.sealed.rend() && add(at->block); ++at) {
    }
  }
  return blocks;
}

uint64_t Shelf::arrival_since(int64_t receive_us) const {
  const std::lock_guard lock(mutex_);
  uint64_t first = next_arrival_;
  const auto look_at = [&](uint32_t index) {
    const Block& block = blocks_[index];
    if (block.published() > 0 && block.receive_max_us >= receive_us) {
      first = std::min(first, block.first_arrival);
    }
  };
  for (const Ring& ring : rings_) {
    if (ring.open != Ring::kNoBlock) look_at(ring.open);
    for (const Ring::Sealed& sealed : ring.sealed) look_at(sealed.block);
  }
  return first;
}

std::vector<RingNote> Shelf::ring_notes() const {
  std::vector<RingNote> notes;
  const std::lock_guard lock(mutex_);
  for (const Ring& ring : rings_) {
    if (ring.identity == nullptr || (ring.evicted == 0 && ring.gaps.empty())) continue;
    notes.push_back(
        {ring.identity, ring.evicted, ring.evicted_until_us, {ring.gaps.begin(), ring.gaps.end()}});
  }
  for (const GoneSources::Note& gone : gone_.notes()) notes.push_back(gone.ring);
  return notes;
}

void Shelf::pin(std::span<const uint32_t> blocks, std::span<Pinned> pinned) const {
  const int64_t cutoff_us = receive_cutoff_us();
  struct Packed {
    size_t at;
    Cells cells;
    uint64_t serial;
  };
  std::array<Packed, kPinsMax> packed;
  size_t packed_count = 0;
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < blocks.size(); ++i) {
      Block& block = blocks_[blocks[i]];
      pinned[i] = {};
      if (!block.is_in_use() || block.evicted) continue;
      ++block.pins;
      pinned[i] = {&block, block.receive_min_us < cutoff_us, nullptr};
      if (block.memory != nullptr) continue;
      packed[packed_count++] = {i, block.packed, uint64_t{block.serial} << 32 | block.form};
    }
  }
  for (const Packed& each : std::span(packed).first(packed_count)) {
    Pinned& pin = pinned[each.at];
    pin.unpacked = unpacked_.get(*pin.block, each.cells, each.serial);
    pin.block = &pin.unpacked->block;
  }
}

void Shelf::unpin(std::span<const uint32_t> blocks, std::span<const Pinned> pinned) const {
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (pinned[i].block == nullptr) continue;
    leave(blocks[i]);
  }
}

std::optional<Shelf::PackedPin> Shelf::pin_packed(uint32_t index) const {
  const int64_t cutoff_us = receive_cutoff_us();
  const std::lock_guard lock(mutex_);
  Block& block = blocks_[index];
  if (!block.is_in_use() || block.evicted || block.memory != nullptr) return std::nullopt;
  if (block.joins != nullptr || block.receive_min_us < cutoff_us) return std::nullopt;
  ++block.pins;
  return PackedPin{block.packed,           block.published(),      block.published() - block.hidden,
                   block.first_arrival,    block.timestamp_min_us, block.timestamp_max_us,
                   block.identity};
}

void Shelf::unpin_packed(uint32_t block) const {
  const std::lock_guard lock(mutex_);
  leave(block);
}

std::vector<SourceStats> Shelf::sources() const {
  std::vector<SourceStats> all;
  const int64_t now_us = clock_.wall_us();
  const std::lock_guard lock(mutex_);
  for (const Ring& ring : rings_) {
    if (ring.identity == nullptr) continue;
    const SourceIdentity& identity = *ring.identity;
    SourceStats stats{identity.name, identity.kind, identity.service, identity.run_id,
                      identity.place};
    stats.events = ring.events - ring.hidden;
    stats.bytes = ring.bytes;
    stats.applied = ring.applied;
    stats.evicted = ring.evicted;
    int64_t first_us = INT64_MAX;
    int64_t last_us = INT64_MIN;
    for (const Ring::Sealed& sealed : ring.sealed) {
      first_us = std::min(first_us, sealed.timestamp_min_us);
      last_us = std::max(last_us, sealed.timestamp_max_us);
    }
    if (ring.open != Ring::kNoBlock) {
      first_us = std::min(first_us, blocks_[ring.open].timestamp_min_us);
      last_us = std::max(last_us, blocks_[ring.open].timestamp_max_us);
    }
    if (ring.events != 0) stats.first_us = first_us;
    if (ring.events != 0) stats.last_us = last_us;
    stats.last_receive_us = ring.last_receive_us;
    stats.events_per_second = ring.rate.per_second(now_us);
    stats.gaps = ring.gaps.size();
    for (const Ring::GapRecord& gap : ring.gaps) stats.gap_lines += gap.lines;
    if (!ring.gaps.empty()) stats.last_gap_us = ring.gaps.back().to_us;
    if (!ring.gaps.empty()) stats.last_gap_reason = ring.gaps.back().reason;
    all.push_back(std::move(stats));
  }
  for (const GoneSources::Note& gone : gone_.notes()) {
    const SourceIdentity& identity = *gone.ring.identity;
    SourceStats stats{identity.name, identity.kind, identity.service, {}, {}};
    stats.evicted = gone.ring.evicted;
    stats.last_receive_us = gone.last_receive_us;
    all.push_back(std::move(stats));
  }
  return all;
}

Stats Shelf::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = totals_;
  stats.events = totals_.events - hidden_;
  stats.resident_bytes = resident_bytes();
  const UnpackedBlocks::Stats unpacked = unpacked_.stats();
  stats.warm_bytes = warm_bytes_;
  stats.unpacked_bytes = unpacked.bytes;
  stats.unpacked_hits = unpacked.hits;
  stats.unpacked_misses = unpacked.misses;
  stats.sources = rings_.size() - free_rings_.size();
  stats.ids = postings_.ids();
  stats.postings = postings_.postings();
  stats.event_ids = event_ids_.size();
  return stats;
}

bool Shelf::contains(std::string_view event_id) const {
  if (event_id.empty()) return false;
  const uint64_t hash = hash_bytes(event_id);
  const std::lock_guard lock(mutex_);
  return event_ids_.find(hash) != nullptr;
}

}  // namespace gasoline::store
