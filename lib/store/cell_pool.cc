#include "store/cell_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace gasoline::store {

void Cells::copy_to(std::string& to, size_t offset, size_t size) const {
  GASOLINE_ASSERT(offset + size <= size_bytes);
  to.clear();
  to.reserve(size);
  const Cell* cell = first;
  for (; offset >= Cell::kRoomBytes; offset -= Cell::kRoomBytes) cell = cell->next;
  while (to.size() < size) {
    const size_t part = std::min(size - to.size(), Cell::kRoomBytes - offset);
    to.append(cell->bytes + offset, part);
    offset = 0;
    cell = cell->next;
  }
}

CellPool::~CellPool() {
  // Whoever keeps cells has given all back, so that only spare slabs are left.
  GASOLINE_ASSERT(with_room_.size() == slabs_);
  for (Slab* slab : with_room_) munmap(slab, kSlabSizeBytes);
}

bool CellPool::has_room(size_t size_bytes) const {
  return (size_bytes + Cell::kRoomBytes - 1) / Cell::kRoomBytes <= free_cells_;
}

bool CellPool::add_slab() {
  // Twice the size holds an aligned one; the rest is given back at once.
  void* const mapped = mmap(nullptr, 2 * kSlabSizeBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  const auto begin = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t at = (begin + kSlabSizeBytes - 1) & ~(kSlabSizeBytes - 1);
  if (at != begin) munmap(mapped, at - begin);
  const uintptr_t behind = begin + 2 * kSlabSizeBytes - (at + kSlabSizeBytes);
  if (behind != 0) munmap(reinterpret_cast<void*>(at + kSlabSizeBytes), behind);
  auto* const slab = reinterpret_cast<Slab*>(at);
  *slab = {nullptr, 0, kCellsPerSlab};
  with_room_.insert(slab);
  ++slabs_;
  free_cells_ += kCellsPerSlab;
  return true;
}

Cell* CellPool::take() {
  if (with_room_.empty() && !add_slab()) return nullptr;
  Slab* const slab = *with_room_.begin();
  Cell* cell = slab->free;
  if (cell != nullptr) {
    slab->free = cell->next;
  } else {
    // The header has the place of the first cell.
    cell = reinterpret_cast<Cell*>(slab) + 1 + (kCellsPerSlab - slab->untouched);
    --slab->untouched;
  }
  ++slab->used;
  --free_cells_;
  if (slab->used == kCellsPerSlab) with_room_.erase(with_room_.begin());
  return cell;
}

void CellPool::give_back(Cell* cell) {
  auto* const slab = reinterpret_cast<Slab*>(reinterpret_cast<uintptr_t>(cell) &
                                             ~(uintptr_t{kSlabSizeBytes} - 1));
  if (slab->used == kCellsPerSlab) with_room_.insert(slab);
  cell->next = slab->free;
  slab->free = cell;
  --slab->used;
  ++free_cells_;
  if (slab->used != 0) return;
  with_room_.erase(slab);
  munmap(slab, kSlabSizeBytes);
  --slabs_;
  free_cells_ -= kCellsPerSlab;
}

Cells CellPool::keep(std::string_view bytes) {
  Cells cells;
  cells.size_bytes = static_cast<uint32_t>(bytes.size());
  Cell** link = &cells.first;
  do {
    Cell* const cell = take();
    if (cell == nullptr) {
      give_back(cells);
      return {};
    }
    cell->next = nullptr;
    *link = cell;
    link = &cell->next;
    const size_t part = std::min(bytes.size(), Cell::kRoomBytes);
    std::memcpy(cell->bytes, bytes.data(), part);
    bytes.remove_prefix(part);
  } while (!bytes.empty());
  return cells;
}

void CellPool::give_back(Cells& cells) {
  while (cells.first != nullptr) {
    Cell* const next = cells.first->next;
    give_back(cells.first);
    cells.first = next;
  }
  cells = {};
}

}  // namespace gasoline::store
