#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace gasoline::store {

/// An open-addressing table of slots with a member `uint64_t hash`, 0 for an empty slot.
///
/// It is 1,024 small tables, chosen by the hash's upper bits, each of which grows and shrinks
/// alone: at two million entries one rehash moves some 2,000 slots, tens of microseconds, so that
/// no writer and no reader ever waits for a big one. They grow by a quarter, so that between two
/// thirds and seven eighths of the slots are in use. Pointers to slots live until the next insert
/// or erase. Not thread-safe.
template <typename Slot>
class HashTable {
 public:
  /// The slot of `hash`, or null.
  Slot* find(uint64_t hash) {
    Part& part = part_of(hash);
    if (part.capacity == 0) return nullptr;
    Slot& slot = part.slots[part.probe(hash)];
    return slot.hash == hash ? &slot : nullptr;
  }
  const Slot* find(uint64_t hash) const { return const_cast<HashTable*>(this)->find(hash); }

  /// Hints that the slot of `hash` is wanted soon.
  void prefetch(uint64_t hash) const {
    const Part& part = parts_[hash >> (64 - kPartBits)];
    if (part.capacity == 0) return;
    const Slot* const home = &part.slots[part.home(hash)];
    __builtin_prefetch(home);
    __builtin_prefetch(reinterpret_cast<const char*>(home) + 64);
  }

  /// The slot of `hash`, new and value-initialised but for its hash if `second` is true.
  std::pair<Slot*, bool> insert(uint64_t hash) {
    Part& part = part_of(hash);
    if (part.capacity != 0) {
      Slot& slot = part.slots[part.probe(hash)];
      if (slot.hash == hash) return {&slot, false};
    }
    if ((part.size + 1) * 8 > part.capacity * 7) {
      resize(part, std::max(kCapacityMin, part.capacity + part.capacity / 4));
    }
    Slot& slot = part.slots[part.probe(hash)];
    slot.hash = hash;
    ++part.size;
    ++size_;
    return {&slot, true};
  }

  /// Forgets `hash`. False if it was not there.
  bool erase(uint64_t hash) {
    Part& part = part_of(hash);
    if (part.capacity == 0) return false;
    const uint32_t hole = part.probe(hash);
    if (part.slots[hole].hash != hash) return false;
    part.close_hole(hole);
    --part.size;
    --size_;
    shrink(part);
    return true;
  }

  /// Forgets all slots of a part for which drop(slot) is true; `part` is below kParts.
  template <typename Drop>
  void erase_if(size_t part_index, Drop drop) {
    Part& part = parts_[part_index];
    for (uint32_t at = 0; at < part.capacity;) {
      // What a hole pulls in from behind is looked at in its turn; from the front, once more.
      if (part.slots[at].hash == 0 || !drop(part.slots[at])) {
        ++at;
        continue;
      }
      part.close_hole(at);
      --part.size;
      --size_;
    }
    while (shrink(part)) {
    }
  }

  static constexpr int kPartBits = 10;
  static constexpr size_t kParts = size_t{1} << kPartBits;

  size_t size() const { return size_; }
  size_t held_bytes() const { return slots_held_ * sizeof(Slot) + sizeof(parts_); }

 private:
  static constexpr uint32_t kCapacityMin = 16;

  struct Part {
    std::unique_ptr<Slot[]> slots;
    uint32_t capacity = 0;
    uint32_t size = 0;

    /// Where the search for `hash` begins.
    uint32_t home(uint64_t hash) const {
      const uint64_t mixed = (hash * 0x9e3779b97f4a7c15) >> 32;
      return static_cast<uint32_t>((mixed * capacity) >> 32);
    }
    uint32_t behind(uint32_t at) const { return at + 1 == capacity ? 0 : at + 1; }

    /// The index of `hash`, or of the empty slot where it would go.
    uint32_t probe(uint64_t hash) const {
      uint32_t at = home(hash);
      while (slots[at].hash != 0 && slots[at].hash != hash) at = behind(at);
      return at;
    }

    /// Backward-shift deletion: no tombstones, so that probes stay short for ever.
    void close_hole(uint32_t hole) {
      for (uint32_t at = behind(hole); slots[at].hash != 0; at = behind(at)) {
        const uint32_t from_home = distance(home(slots[at].hash), at);
        if (from_home >= distance(hole, at)) {
          slots[hole] = slots[at];
          hole = at;
        }
      }
      slots[hole] = Slot{};
    }
    uint32_t distance(uint32_t from, uint32_t to) const {
      return to >= from ? to - from : to + capacity - from;
    }
  };

  Part& part_of(uint64_t hash) { return parts_[hash >> (64 - kPartBits)]; }

  bool shrink(Part& part) {
    if (part.capacity <= kCapacityMin || part.size * 5 > part.capacity * 2) return false;
    resize(part, std::max(kCapacityMin, part.capacity / 8 * 5));
    return true;
  }

  void resize(Part& part, uint32_t capacity) {
    Part next;
    next.slots = std::make_unique<Slot[]>(capacity);
    next.capacity = capacity;
    next.size = part.size;
    for (uint32_t i = 0; i < part.capacity; ++i) {
      if (part.slots[i].hash != 0) next.slots[next.probe(part.slots[i].hash)] = part.slots[i];
    }
    slots_held_ += capacity;
    slots_held_ -= part.capacity;
    part = std::move(next);
  }

  std::array<Part, kParts> parts_;
  size_t size_ = 0;
  size_t slots_held_ = 0;
};

}  // namespace gasoline::store
