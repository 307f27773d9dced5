#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "event/event.h"
#include "store/cell_pool.h"
#include "store/joined_events.h"
#include "store/source_identity.h"

namespace gasoline::store {

/// What a query can tell about an event without decoding it. Immutable once published, but for
/// `hidden_by` and `continued`, which change from 0 once and are read and written as atomics.
struct Entry {
  static constexpr uint8_t kMoreIds = 1;  ///< the event shows more ids than id_tags has room for
  static constexpr uint8_t kTagsOfSource = 2;  ///< its tags are those of its source's identity
  static constexpr uint8_t kShortTags = 4;  ///< it was packed: only 8 bits of each tag are left

  int64_t timestamp_us;
  uint32_t offset;         ///< of the encoded event within the block
  uint32_t arrival_delta;  ///< arrival number less the block's first
  uint32_t hidden_by;      ///< 0, or 1 + arrival delta of the event that replaced this one
  uint32_t id_tags[2];     ///< low halves of the hashes of its ids; 0 for none
  uint8_t level;
  uint8_t flags;
  uint16_t continued;  ///< 1 if later events are shown with this one (joined_events.h)

  void hide(uint32_t by) { std::atomic_ref(hidden_by).store(by, std::memory_order_relaxed); }
  uint32_t hider() const {
    return std::atomic_ref(const_cast<uint32_t&>(hidden_by)).load(std::memory_order_relaxed);
  }
  /// A part of another event is replaced, as it were, by its own arrival.
  void hide_as_part() { hide(arrival_delta + 1); }
  bool is_part() const { return hider() == arrival_delta + 1; }
  void mark_continued() { std::atomic_ref(continued).store(1, std::memory_order_relaxed); }
  /// True if it existed and was not replaced yet when `arrival_limit` was next to arrive.
  bool visible(uint64_t first_arrival, uint64_t arrival_limit) const {
    const uint32_t by = hider();
    return first_arrival + arrival_delta < arrival_limit &&
           (by == 0 || first_arrival + by - 1 >= arrival_limit);
  }
  bool is_continued() const {
    return std::atomic_ref(const_cast<uint16_t&>(continued)).load(std::memory_order_relaxed) != 0;
  }
};
static_assert(sizeof(Entry) == 32, "fixed-size index entries of 32 bytes");

/// Events of one source in order of arrival, in one piece of memory:
///
///   0                                                                          size
///   | encoded events, growing up ->          free          <- entries, growing down |
///
/// The writer appends and then publishes the count; readers that pinned the block (see Shelf) read
/// all entries below published() without a lock. Everything else is guarded by the Shelf's lock.
///
/// A block that takes no more events may be packed (block_packer.h): then it has no memory, and
/// readers get a copy of it, unpacked. The writer unpacks it in place only to change an entry.
struct Block {
  char* memory = nullptr;  ///< null: packed, or not in use
  uint32_t size = 0;
  uint32_t payload_used = 0;
  std::atomic<uint32_t> count{0};
  uint32_t hidden = 0;
  uint32_t pins = 0;                        ///< readers inside; memory is kept until they leave
  bool begins_generation = false;           ///< the first of its generation of a source
  bool evicted = false;                     ///< out of its ring already, waiting for the last pin
  uint32_t serial = 0;    ///< of this use of the block; 0: not in use
  uint32_t form = 0;      ///< counts how often it was packed
  uint32_t changes = 0;   ///< counts changes to its entries after they were published
  uint32_t postings = 0;  ///< in the correlation index
  Cells packed;           ///< beside memory: left over, goes when the last pin does
  uint64_t first_arrival = 0;
  uint64_t last_arrival = 0;
  int64_t timestamp_min_us = INT64_MAX;
  int64_t timestamp_max_us = INT64_MIN;
  int64_t receive_min_us = INT64_MAX;
  int64_t receive_max_us = INT64_MIN;
  std::shared_ptr<const SourceIdentity> identity;
  std::unique_ptr<BlockJoins> joins;  ///< null: no event of this block is joined

  bool is_in_use() const { return serial != 0; }
  uint32_t published() const { return count.load(std::memory_order_acquire); }
  Entry& entry(uint32_t i) { return *entry_at(i); }
  const Entry& entry(uint32_t i) const { return *entry_at(i); }
  /// The encoded event of an entry and whatever follows it.
  std::string_view bytes_from(const Entry& from) const {
    return {memory + from.offset, size - from.offset};
  }
  uint32_t used_bytes() const {
    return payload_used + count.load(std::memory_order_relaxed) * uint32_t{sizeof(Entry)};
  }
  bool fits(size_t encoded_size) const {
    return encoded_size + sizeof(Entry) + used_bytes() <= size;
  }
  bool visible(const Entry& entry, uint64_t arrival_limit) const {
    return entry.visible(first_arrival, arrival_limit);
  }

  /// The same, but for parts of a joined event, which count as visible.
  bool visible_or_part(const Entry& entry, uint64_t arrival_limit) const {
    return entry.is_part() ? first_arrival + entry.arrival_delta < arrival_limit
                           : visible(entry, arrival_limit);
  }

  /// Copies the event in and completes its entry (all but the offset is the caller's). It becomes
  /// visible with publish(). Needs fits().
  uint32_t append(std::string_view encoded, Entry entry);
  /// The times that an appended event adds to the block's.
  void widen(int64_t timestamp_us, int64_t receive_time_us);
  void publish() {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

 private:
  Entry* entry_at(uint32_t i) const { return reinterpret_cast<Entry*>(memory + size) - (i + 1); }
};

}  // namespace gasoline::store
