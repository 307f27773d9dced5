#include <algorithm>

#include "store/shelf.h"
#include "store/stored_event.h"

namespace gasoline::store {
namespace {

/// What a ring and an identity hold beside themselves: texts, places in tables, an empty queue.
constexpr size_t kRingHeldBytes = 1 << 10;
constexpr size_t kIdentityHeldBytes = 512;

constexpr int64_t kExpiryIntervalUs = 1'000'000;
constexpr int kExpiredBlocksMax = 16;  // at a time, so that readers get the lock in between

}  // namespace

size_t Shelf::resident_bytes() const {
  return pool_.resident_bytes() + cells_.resident_bytes() + unpacked_.stats().bytes +
         postings_.held_bytes() + serials_.held_bytes() + event_ids_.held_bytes() +
         joins_bytes_ + blocks_.size() * sizeof(Block) +
         dictionaries_ * TextDictionary::kSizeBytes +
         rings_.size() * (sizeof(Ring) + sizeof(SourceIdentity) + kRingHeldBytes) +
         generations_ * (sizeof(SourceIdentity) + kIdentityHeldBytes);
}

void Shelf::make_room(uint32_t block_size) {
  while (!pool_.has_warm(block_size) && resident_bytes() + block_size > options_.bytes_max) {
    if (pool_.trim() == 0 && !evict_oldest(Reason::kBytes)) return;
  }
}

void Shelf::make_room_for_cells(size_t size_bytes) {
  while (!cells_.has_room(size_bytes) &&
         resident_bytes() + CellPool::kSlabSizeBytes > options_.bytes_max) {
    if (pool_.trim() == 0 && !evict_oldest(Reason::kBytes)) return;
  }
}

bool Shelf::above_floor(const Ring& ring) const {
  if (ring.sealed.empty()) return false;
  const Block& front = blocks_[ring.sealed.front().block];
  // The floor counts what was said, not the index entries: packed, there are none.
  const uint64_t bytes = ring.bytes - ring.events * sizeof(Entry);
  return ring.events - front.published() >= floor_events_ ||
         bytes - front.payload_used >= floor_bytes_;
}

void Shelf::update_order(uint32_t index) {
  Ring& ring = rings_[index];
  std::optional<int64_t> key;
  if (above_floor(ring)) key = blocks_[ring.sealed.front().block].receive_max_us;
  if (key == ring.eviction_key) return;
  if (ring.eviction_key) eviction_order_.erase({*ring.eviction_key, index});
  if (key) eviction_order_.insert({*key, index});
  ring.eviction_key = key;
}

void Shelf::update_order_of_all() {
  for (uint32_t i = 0; i < rings_.size(); ++i) update_order(i);
}

/// When the floors of all sources together pass half the budget, all shrink alike.
void Shelf::update_floors() {
  const uint64_t rings = std::max<uint64_t>(rings_.size() - free_rings_.size(), 1);
  const uint64_t events = std::min(options_.floor_events, options_.events_max / 2 / rings);
  const uint64_t bytes = std::min(options_.floor_bytes, options_.bytes_max / 2 / rings);
  floor_events_ = events;
  floor_bytes_ = bytes;
}

bool Shelf::evict_oldest(Reason reason) {
  // The order is brought up to date when a source seals a block. Until then it may have passed its
  // floor, or the floors may have moved: hence the second look, and the look at all sources when
  // nobody else has anything to give.
  for (const bool refreshed : {false, true}) {
    while (!eviction_order_.empty()) {
      const auto oldest = *eviction_order_.begin();
      update_order(oldest.second);
      if (eviction_order_.empty() || *eviction_order_.begin() != oldest) continue;
      evict_front(oldest.second, reason);
      return true;
    }
    if (!refreshed) update_order_of_all();
  }
  return evict_below_floor(reason);
}

bool Shelf::evict_below_floor(Reason reason) {
  uint32_t oldest = Ring::kNoBlock;
  int64_t oldest_receive_us = INT64_MAX;
  for (uint32_t i = 0; i < rings_.size(); ++i) {
    const Ring& ring = rings_[i];
    const uint32_t front = ring.sealed.empty() ? ring.open : ring.sealed.front().block;
    if (front == Ring::kNoBlock) continue;
    const int64_t receive_us = blocks_[front].receive_max_us;
    if (receive_us < oldest_receive_us) {
      oldest = i;
      oldest_receive_us = receive_us;
    }
  }
  if (oldest == Ring::kNoBlock) return false;
  if (rings_[oldest].sealed.empty()) seal(oldest);
  totals_.evicted_below_floor += blocks_[rings_[oldest].sealed.front().block].published();
  evict_front(oldest, reason);
  return true;
}

void Shelf::seal(uint32_t index) {
  Ring& ring = rings_[index];
  const Block& block = blocks_[ring.open];
  const int64_t before_us = ring.sealed.empty() ? INT64_MIN : ring.sealed.back().reached_us;
  ring.sealed.push_back({ring.open, block.timestamp_min_us, block.timestamp_max_us,
                         std::max(before_us, block.timestamp_max_us)});
  add_warm(ring.open);
  ring.open = Ring::kNoBlock;
  update_order(index);
}

void Shelf::evict_front(uint32_t index, Reason reason) {
  Ring& ring = rings_[index];
  const uint32_t block = ring.sealed.front().block;
  const uint64_t events = blocks_[block].published();
  if (reason == Reason::kCount) totals_.evicted_by_count += events;
  if (reason == Reason::kBytes) totals_.evicted_by_bytes += events;
  if (reason == Reason::kTtl) totals_.evicted_by_ttl += events;
  ring.sealed.pop_front();
  evict_block(block, ring);
  update_order(index);
  if (ring.events == 0) emptied_rings_.push_back(index);
}

void Shelf::evict_block(uint32_t index, Ring& ring) {
  Block& block = blocks_[index];
  const uint32_t events = block.published();
  forget_event_ids(block);
  serials_.erase(hash_of_serial(block.serial));
  postings_.forget(block.postings, [this](uint32_t serial) { return is_live(serial); });
  if (block.memory != nullptr) {
    warm_bytes_ -= block.size;
  } else {
    --totals_.packed_blocks;
    totals_.packed_bytes -= block.packed.size_bytes;
  }
  ring.events -= events;
  ring.bytes -= block.used_bytes();
  ring.evicted += events;
  ring.hidden -= block.hidden;
  hidden_ -= block.hidden;
  ring.evicted_until_us = std::max(ring.evicted_until_us, block.timestamp_max_us);
  totals_.events -= events;
  --totals_.blocks;
  block.evicted = true;
  if (block.pins == 0) release(index);
}

void Shelf::forget_event_ids(const Block& block) {
  forgotten_.clear();
  if (block.memory == nullptr) {
    for (const std::string_view id : unpacker_.event_ids(block.packed)) forget_event_id(id);
  } else {
    for (uint32_t i = 0; i < block.published(); ++i) {
      eviction_arena_.reset();
      forget_event_id(read_stored(block, block.entry(i), eviction_arena_).event_id);
    }
  }
  for (const uint64_t hash : forgotten_) event_ids_.erase(hash);
}

void Shelf::forget_event_id(std::string_view event_id) {
  if (event_id.empty()) return;
  forgotten_.push_back(hash_bytes(event_id));
  event_ids_.prefetch(forgotten_.back());
}

/// Takes a pin off; the last one takes with it what it held in place.
void Shelf::leave(uint32_t index) const {
  Block& block = blocks_[index];
  if (--block.pins != 0) return;
  if (block.evicted) {
    release(index);
  } else if (block.memory != nullptr) {
    cells_.give_back(block.packed);
  }
}

void Shelf::release(uint32_t index) const {
  Block& block = blocks_[index];
  if (block.memory != nullptr) pool_.give_back(block.memory, block.size);
  cells_.give_back(block.packed);
  block.memory = nullptr;
  block.serial = 0;
  block.postings = 0;
  block.size = 0;
  block.payload_used = 0;
  block.count.store(0, std::memory_order_relaxed);
  block.hidden = 0;
  block.evicted = false;
  generations_ -= block.begins_generation ? 1 : 0;
  block.begins_generation = false;
  block.timestamp_min_us = block.receive_min_us = INT64_MAX;
  block.timestamp_max_us = block.receive_max_us = INT64_MIN;
  block.identity.reset();
  joins_bytes_ -= joins_bytes(block);
  block.joins.reset();
  free_blocks_.push_back(index);
}

void Shelf::expire() {
  const int64_t now_us = clock_.wall_us();
  next_expiry_us_ = now_us + kExpiryIntervalUs;
  // Only this thread adds and drops rings, so their number holds while the lock is free.
  for (uint32_t i = 0; i < rings_.size(); ++i) {
    while (!expire_some(i, now_us - options_.ttl_us)) {
    }
  }
  {
    const std::lock_guard lock(mutex_);
    drop_emptied_rings();
    gone_.expire(now_us - options_.ttl_us);
  }
  sweep_postings();
}

/// Drops what evicted blocks left in the correlation index, with the lock free now and then.
void Shelf::sweep_postings() {
  constexpr size_t kPartsAtOnce = 8;
  for (size_t i = 0; i < HashTable<SerialOfBlock>::kParts; i += kPartsAtOnce) {
    const std::lock_guard lock(mutex_);
    for (size_t k = 0; k < kPartsAtOnce; ++k) {
      if (!postings_.sweep_next([this](uint32_t serial) { return is_live(serial); })) return;
    }
  }
}

/// False if the ring has more that is past its time.
bool Shelf::expire_some(uint32_t index, int64_t cutoff_us) {
  const std::lock_guard lock(mutex_);
  Ring& ring = rings_[index];
  if (ring.identity == nullptr) return true;
  if (ring.open != Ring::kNoBlock && blocks_[ring.open].receive_max_us < cutoff_us) seal(index);
  for (int i = 0; !ring.sealed.empty(); ++i) {
    if (blocks_[ring.sealed.front().block].receive_max_us >= cutoff_us) break;
    if (i == kExpiredBlocksMax) return false;
    evict_front(index, Reason::kTtl);
  }
  while (!ring.gaps.empty() && ring.gaps.front().receive_time_us < cutoff_us) {
    ring.gaps.pop_front();
  }
  if (ring.events == 0) emptied_rings_.push_back(index);
  return true;
}

/// An event on its way in names its ring by index: that ring must stay until it has arrived.
bool Shelf::pinned_by_slice(uint32_t ring) const {
  return std::any_of(slice_.begin(), slice_.end(),
                     [&](const Prepared& prepared) { return prepared.ring == ring; });
}

/// Makes way for new sources when there are as many as may be: for some at once, so that the search
/// for the stalest is not repeated for each.
void Shelf::drop_stalest_rings() {
  std::vector<std::pair<int64_t, uint32_t>> by_age;
  for (uint32_t i = 0; i < rings_.size(); ++i) {
    if (rings_[i].identity != nullptr) by_age.emplace_back(rings_[i].last_receive_us, i);
  }
  const size_t dropped = std::min(by_age.size(), kRingsMax / 64);
  std::nth_element(by_age.begin(), by_age.begin() + static_cast<std::ptrdiff_t>(dropped) - 1,
                   by_age.end());
  for (size_t i = 0; i < dropped; ++i) {
    const uint32_t index = by_age[i].second;
    if (pinned_by_slice(index)) continue;
    Ring& ring = rings_[index];
    if (ring.open != Ring::kNoBlock) seal(index);
    while (!ring.sealed.empty()) {
      totals_.evicted_below_floor += blocks_[ring.sealed.front().block].published();
      evict_front(index, Reason::kCount);
    }
    drop_ring(index);
  }
}

/// A source without events costs nothing but a note of what it had. For the writer's thread, when
/// nothing is on its way in.
void Shelf::drop_emptied_rings() {
  for (const uint32_t index : emptied_rings_) {
    const Ring& ring = rings_[index];
    if (ring.identity != nullptr && ring.events == 0 && ring.gaps.empty()) drop_ring(index);
  }
  emptied_rings_.clear();
}

void Shelf::drop_ring(uint32_t index) {
  Ring& ring = rings_[index];
  gone_.add(ring);
  const auto [begin, end] = ring_by_hash_.equal_range(ring.identity->hash);
  ring_by_hash_.erase(
      std::find_if(begin, end, [&](const auto& each) { return each.second == index; }));
  if (!ring.identity->dictionary->text().empty()) --dictionaries_;
  ring = Ring{};
  free_rings_.push_back(index);
  if (last_ring_ == index) last_ring_ = Ring::kNoBlock;
  update_floors();
}

}  // namespace gasoline::store
