#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace gasoline::store {

/// A piece of memory of one size, chained to the next piece of what it is part of.
struct Cell {
  static constexpr size_t kSizeBytes = 512;
  static constexpr size_t kRoomBytes = kSizeBytes - sizeof(void*);

  Cell* next;
  char bytes[kRoomBytes];
};
static_assert(sizeof(Cell) == Cell::kSizeBytes);

/// Bytes in a chain of cells; null for none. A handle: whoever keeps it gives it back to its pool.
struct Cells {
  Cell* first = nullptr;
  uint32_t size_bytes = 0;

  /// Replaces `to` by `size` bytes from `offset` on; they must be there. Safe on any thread while
  /// nobody gives the chain back.
  void copy_to(std::string& to, size_t offset, size_t size) const;
};

/// Memory for packed blocks, whose sizes are all different: cut into cells, so that what one block
/// leaves behind fits any other, whatever the order in which they go. Cells come in slabs, mapped
/// when needed and unmapped when empty; the one with the lowest address is filled first. Not
/// thread-safe, but for Cells::copy_to.
///
///   slab (256 KiB, aligned to its size): | header | cell | cell | ...
class CellPool {
 public:
  static constexpr size_t kSlabSizeBytes = size_t{256} << 10;

  CellPool() = default;
  ~CellPool();
  CellPool(const CellPool&) = delete;
  CellPool& operator=(const CellPool&) = delete;

  /// A copy of `bytes`. With a null chain only if the system has no memory.
  Cells keep(std::string_view bytes);
  /// Empties the handle.
  void give_back(Cells& cells);

  /// True if so many bytes can be kept without another slab.
  bool has_room(size_t size_bytes) const;
  /// Bytes of all slabs.
  size_t resident_bytes() const { return slabs_ * kSlabSizeBytes; }

 private:
  struct Slab {
    Cell* free;
    uint32_t used;
    uint32_t untouched;  // cells at the end that were never handed out
  };
  static constexpr uint32_t kCellsPerSlab = (kSlabSizeBytes - Cell::kSizeBytes) / Cell::kSizeBytes;

  Cell* take();
  void give_back(Cell* cell);
  bool add_slab();

  std::set<Slab*> with_room_;  // by address
  size_t slabs_ = 0;
  size_t free_cells_ = 0;
};

}  // namespace gasoline::store
