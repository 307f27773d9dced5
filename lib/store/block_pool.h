#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gasoline::store {

/// Memory for blocks, mapped in slabs and recycled: a store in steady state touches no fresh page.
///
/// Three classes of size: small for sources that say little, normal, and large for a single event
/// that fits no normal block, which is mapped and unmapped by itself. Counts what is resident, that
/// is, handed out or kept warm for the next one. Not thread-safe.
class BlockPool {
 public:
  explicit BlockPool(uint32_t normal_size_bytes);
  ~BlockPool();
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  uint32_t small_size_bytes() const { return classes_[0].size_bytes; }
  uint32_t normal_size_bytes() const { return classes_[1].size_bytes; }

  /// True if a block of this size can be had without more resident memory.
  bool has_warm(uint32_t size_bytes) const;
  /// A block of the small or the normal size, or of any larger one (rounded up by the caller's
  /// choice, not here). Null only if the system has no memory.
  char* take(uint32_t size_bytes);
  void give_back(char* block, uint32_t size_bytes);
  /// Gives the pages of all free blocks to the system. Returns their bytes.
  size_t trim();

  size_t resident_bytes() const { return resident_bytes_; }

 private:
  struct Class {
    uint32_t size_bytes = 0;
    std::vector<char*> warm;
    std::vector<char*> cold;  // address space whose pages are with the system
  };
  static constexpr size_t kSlabSizeBytes = size_t{4} << 20;

  Class* class_of(uint32_t size_bytes);
  bool add_slab(Class& wanted);

  std::array<Class, 2> classes_;
  std::vector<void*> slabs_;
  size_t resident_bytes_ = 0;
};

}  // namespace gasoline::store
