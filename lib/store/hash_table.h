#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace gasoline::store {

/// An open-addressing table of slots with a member `uint64_t hash`, 0 for an empty slot.
///
/// It is 1,024 small tables, chosen by the hash's upper bits, each of which grows and shrinks
/// alone: at two million entries one rehash moves some 4,000 slots, tens of microseconds, so that
/// no writer and no reader ever waits for a big one. Pointers to slots live until the next insert
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
    if (part.capacity != 0) __builtin_prefetch(&part.slots[hash & (part.capacity - 1)]);
  }

  /// The slot of `hash`, new and value-initialised but for its hash if `second` is true.
  std::pair<Slot*, bool> insert(uint64_t hash) {
    Part& part = part_of(hash);
    if (part.capacity != 0) {
      Slot& slot = part.slots[part.probe(hash)];
      if (slot.hash == hash) return {&slot, false};
    }
    if ((part.size + 1) * 4 > part.capacity * 3) {
      resize(part, part.capacity == 0 ? kCapacityMin : part.capacity * 2);
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
    if (part.capacity > kCapacityMin && part.size * 8 < part.capacity) {
      resize(part, part.capacity / 2);
    }
    return true;
  }

  size_t size() const { return size_; }
  size_t held_bytes() const { return slots_held_ * sizeof(Slot) + sizeof(parts_); }

 private:
  static constexpr int kPartBits = 10;
  static constexpr uint32_t kCapacityMin = 16;

  struct Part {
    std::unique_ptr<Slot[]> slots;
    uint32_t capacity = 0;  // a power of two, or 0
    uint32_t size = 0;

    /// The index of `hash`, or of the empty slot where it would go.
    uint32_t probe(uint64_t hash) const {
      auto at = static_cast<uint32_t>(hash) & (capacity - 1);
      while (slots[at].hash != 0 && slots[at].hash != hash) at = (at + 1) & (capacity - 1);
      return at;
    }

    /// Backward-shift deletion: no tombstones, so that probes stay short for ever.
    void close_hole(uint32_t hole) {
      const uint32_t mask = capacity - 1;
      for (uint32_t at = (hole + 1) & mask; slots[at].hash != 0; at = (at + 1) & mask) {
        const uint32_t home = static_cast<uint32_t>(slots[at].hash) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
          slots[hole] = slots[at];
          hole = at;
        }
      }
      slots[hole] = Slot{};
    }
  };

  Part& part_of(uint64_t hash) { return parts_[hash >> (64 - kPartBits)]; }

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

  std::array<Part, size_t{1} << kPartBits> parts_;
  size_t size_ = 0;
  size_t slots_held_ = 0;
};

}  // namespace gasoline::store
