#include "store/shelf.h"

#include <algorithm>
#include <utility>

#include "store/stored_event.h"

namespace gasoline::store {

Shelf::Shelf(const Options& options, const Clock& clock)
    : options_(options),
      clock_(clock),
      pool_(options.block_bytes),
      unpacked_(options.unpacked_bytes),
      floor_events_(options.floor_events),
      floor_bytes_(options.floor_bytes),
      packer_thread_([this] { run_packer(); }) {}

Shelf::~Shelf() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    pack_wanted_.notify_one();
  }
  packer_thread_.join();
  for (Block& block : blocks_) {
    GASOLINE_ASSERT(block.pins == 0);
    if (block.memory != nullptr) pool_.give_back(block.memory, block.size);
    cells_.give_back(block.packed);
  }
}

void Shelf::apply(std::span<const event::Event> events) {
  while (!events.empty()) {
    const size_t size = std::min(events.size(), kSliceEvents);
    events = events.subspan(apply_slice(events.first(size)));
  }
  if (clock_.wall_us() >= next_expiry_us_) expire();
}

/// How many of the events it took, at least one: it stops where a file's next generation begins.
size_t Shelf::apply_slice(std::span<const event::Event> events) {
  const int64_t now_us = clock_.wall_us();
  encoded_.clear();
  slice_.clear();
  for (const event::Event& event : events) {
    const uint32_t ring = find_or_add_ring(event);
    if (rings_[ring].identity->run_id != event.run_id) {
      // What was prepared for it goes into a block of the generation before.
      if (pinned_by_slice(ring)) break;
      begin_generation(ring, event);
    }
    slice_.push_back(prepare(event, ring, now_us));
  }
  for (const Prepared& prepared : slice_) {
    for (uint32_t i = 0; i < prepared.id_count; ++i) {
      postings_.prefetch_posting(prepared.id_hashes[i]);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    for (const Prepared& prepared : slice_) insert(prepared);
    // Blocks make room for themselves; this is for what the indexes have grown by.
    make_room(0);
    drop_emptied_rings();
  }
  help_packer();
  return slice_.size();
}

Shelf::Prepared Shelf::prepare(const event::Event& event, uint32_t ring, int64_t now_us) {
  Prepared prepared{};
  prepared.event = &event;
  prepared.receive_time_us = event.receive_time_us != 0 ? event.receive_time_us : now_us;
  if (!event.event_id.empty()) {
    prepared.event_id_hash = hash_bytes(event.event_id);
    event_ids_.prefetch(prepared.event_id_hash);
  }
  EventIds ids;
  find_event_ids(event, ids);
  prepared.id_count = static_cast<uint32_t>(ids.count);
  for (size_t i = 0; i < ids.count; ++i) {
    prepared.id_hashes[i] = hash_bytes(ids.ids[i].text());
    postings_.prefetch(prepared.id_hashes[i]);
  }
  prepared.ring = ring;
  prepared.encoded_at = encoded_.size();
  event::Event received = event;
  received.receive_time_us = prepared.receive_time_us;
  prepared.flags = append_stored(encoded_, received, *rings_[prepared.ring].identity);
  prepared.encoded_size = encoded_.size() - prepared.encoded_at;
  return prepared;
}

uint32_t Shelf::find_or_add_ring(const event::Event& event) {
  // Reading without the lock is safe: only this thread changes the rings' identities.
  if (last_ring_ != Ring::kNoBlock && rings_[last_ring_].identity->is_of(event)) return last_ring_;
  const uint64_t hash = source_hash(event);
  const auto [begin, end] = ring_by_hash_.equal_range(hash);
  const auto found = std::find_if(
      begin, end,
      [&](const auto& each) { return rings_[each.second].identity->is_of_source_of(event); });
  last_ring_ = found != end ? found->second : add_ring(event, hash);
  return last_ring_;
}

uint32_t Shelf::add_ring(const event::Event& event, uint64_t hash) {
  std::shared_ptr<const SourceIdentity> identity = make_identity(event);
  const std::lock_guard lock(mutex_);
  if (ring_by_hash_.size() >= kRingsMax) drop_stalest_rings();
  uint32_t index = static_cast<uint32_t>(rings_.size());
  if (!free_rings_.empty()) {
    index = free_rings_.back();
    free_rings_.pop_back();
  } else {
    rings_.emplace_back();
  }
  rings_[index].identity = std::move(identity);
  ring_by_hash_.emplace(hash, index);
  update_floors();
  return index;
}

/// Its events have a block of their own, since a block says whose its events are. The first one is
/// small: where two generations are written in turns, each turn begins one.
void Shelf::begin_generation(uint32_t index, const event::Event& event) {
  const std::lock_guard lock(mutex_);
  Ring& ring = rings_[index];
  if (ring.open != Ring::kNoBlock) seal(index);
  std::swap(ring.identity, ring.identity_before);
  if (ring.identity == nullptr || !ring.identity->is_of(event)) {
    ring.identity = make_identity(event, ring.identity_before.get());
    ring.is_new_generation = true;
  }
  ring.small_blocks = std::min(ring.small_blocks, kSmallBlocksMax - 1);
}

void Shelf::insert(const Prepared& prepared) {
  if (prepared.event_id_hash != 0 && !event_ids_.insert(prepared.event_id_hash).second) {
    ++totals_.deduplicated;
    return;
  }
  const uint64_t arrival = next_arrival_;
  const uint32_t block_index = open_block(prepared.ring, prepared.encoded_size, arrival);
  Ring& ring = rings_[prepared.ring];
  Block& block = blocks_[block_index];
  const event::Event& event = *prepared.event;
  Entry entry{};
  entry.timestamp_us = event.timestamp_us;
  entry.arrival_delta = static_cast<uint32_t>(arrival - block.first_arrival);
  for (uint32_t i = 0; i < prepared.id_count && i < 2; ++i) {
    entry.id_tags[i] = static_cast<uint32_t>(prepared.id_hashes[i]);
  }
  entry.level = static_cast<uint8_t>(event.level);
  entry.flags = prepared.flags;
  if (prepared.id_count > 2) entry.flags |= Entry::kMoreIds;
  const std::string_view encoded(encoded_.data() + prepared.encoded_at, prepared.encoded_size);
  const uint32_t at = block.append(encoded, entry);
  block.widen(entry.timestamp_us, prepared.receive_time_us);
  block.last_arrival = arrival;
  for (uint32_t i = 0; i < prepared.id_count; ++i) {
    block.postings += postings_.add(prepared.id_hashes[i], block.serial, prepared.id_count > 1);
  }
  block.publish();
  ++next_arrival_;
  ++ring.events;
  ++ring.applied;
  ring.bytes += prepared.encoded_size + sizeof(Entry);
  ring.last_receive_us = std::max(ring.last_receive_us, prepared.receive_time_us);
  ring.rate.count(prepared.receive_time_us);
  ++totals_.events;
  ++totals_.applied;
  if (!event.metadata.empty()) {
    apply_notes(ring, read_notes(event.metadata, event.timestamp_us), prepared, arrival, at);
  }
  if (prepared.event_id_hash != 0 && !block.entry(at).is_part()) {
    ring.recent.note(prepared.event_id_hash, {block_index, at, arrival});
  }
  while (totals_.events > options_.events_max && evict_oldest(Reason::kCount)) {
  }
}

uint32_t Shelf::open_block(uint32_t ring_index, size_t encoded_size, uint64_t arrival) {
  Ring& ring = rings_[ring_index];
  if (ring.open != Ring::kNoBlock) {
    const Block& open = blocks_[ring.open];
    if (open.fits(encoded_size) && arrival - open.first_arrival < UINT32_MAX) return ring.open;
    seal(ring_index);
  }
  const size_t needed = encoded_size + sizeof(Entry);
  uint32_t size = pool_.normal_size_bytes();
  if (needed > size) {
    size = static_cast<uint32_t>((needed + 4095) / 4096 * 4096);
  } else if (ring.small_blocks < kSmallBlocksMax && needed <= pool_.small_size_bytes()) {
    size = pool_.small_size_bytes();
    ++ring.small_blocks;
  }
  make_room(size);
  uint32_t index = static_cast<uint32_t>(blocks_.size());
  if (!free_blocks_.empty()) {
    index = free_blocks_.back();
    free_blocks_.pop_back();
  } else {
    blocks_.emplace_back();
  }
  Block& block = blocks_[index];
  block.memory = pool_.take(size);
  GASOLINE_ASSERT(block.memory != nullptr);
  block.size = size;
  do {
    ++last_serial_;
  } while (last_serial_ == 0 || is_live(last_serial_));
  block.serial = last_serial_;
  serials_.insert(hash_of_serial(block.serial)).first->block = index;
  block.first_arrival = arrival;
  block.identity = ring.identity;
  block.begins_generation = std::exchange(ring.is_new_generation, false);
  generations_ += block.begins_generation ? 1 : 0;
  ring.open = index;
  ++totals_.blocks;
  return index;
}

void Shelf::apply_notes(Ring& ring, const MetadataNotes& notes, const Prepared& prepared,
                        uint64_t arrival, uint32_t entry) {
  const event::Event& event = *prepared.event;
  if (notes.replaces && !hide_replaced(ring, *notes.replaces, arrival)) {
    hide_replaced_of_run(*ring.identity, *notes.replaces, arrival);
  }
  if (!notes.replaces_id.empty()) {
    hide_replaced_event(ring, hash_bytes(notes.replaces_id), arrival);
  }
  if (!notes.continues.empty()) {
    join_part(ring, hash_bytes(notes.continues), {ring.open, entry, arrival});
  }
  if (notes.partial && event.seq != 0) {
    ring.partials[ring.next_partial] = {event.seq, arrival, ring.open, entry};
    ring.next_partial = (ring.next_partial + 1) % Ring::kPartialsMax;
  }
  if (notes.gap) {
    if (ring.gaps.size() == Ring::kGapsMax) ring.gaps.pop_front();
    ring.gaps.push_back({std::string(event.run_id), notes.gap->from_us, notes.gap->to_us,
                         notes.gap->lines, notes.gap->bytes, std::string(notes.gap->reason),
                         prepared.receive_time_us});
  }
}

/// False if the ring does not hold that partial event.
bool Shelf::hide_replaced(Ring& ring, uint64_t seq, uint64_t arrival) {
  for (Ring::Partial& partial : ring.partials) {
    if (partial.seq != seq) continue;
    // The block may have been evicted and be in use for other events by now.
    if (!holds(ring, {partial.block, partial.entry, partial.arrival})) continue;
    Block& block = block_to_change(partial.block);
    Entry& entry = block.entry(partial.entry);
    const uint64_t delta = arrival - block.first_arrival;
    if (entry.hider() != 0 || delta >= UINT32_MAX) continue;
    entry.hide(static_cast<uint32_t>(delta) + 1);
    ++block.hidden;
    ++ring.hidden;
    ++hidden_;
    ++totals_.replaced;
    partial = {};
    return true;
  }
  return false;
}

/// The whole line may have told of another service than its beginning did, and so be in another
/// ring of the same stream.
void Shelf::hide_replaced_of_run(const SourceIdentity& stream, uint64_t seq, uint64_t arrival) {
  if (stream.run_id.empty()) return;
  for (Ring& ring : rings_) {
    if (ring.identity == nullptr || ring.identity->kind != stream.kind) continue;
    if (ring.identity->run_id == stream.run_id && hide_replaced(ring, seq, arrival)) return;
  }
}

void Shelf::set_bounds(const Options& options) {
  options_.events_max = options.events_max;
  options_.bytes_max = options.bytes_max;
  options_.ttl_us = options.ttl_us;
}

}  // namespace gasoline::store
