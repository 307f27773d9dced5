#include "store/block_pool.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/assert.h"

namespace gasoline::store {
namespace {

constexpr uint32_t kPageSizeBytes = 4096;
constexpr uint32_t kSmallDivisor = 8;

void* map(size_t size_bytes) {
  void* at = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

BlockPool::BlockPool(uint32_t normal_size_bytes) {
  const uint32_t normal = std::clamp(normal_size_bytes / kPageSizeBytes * kPageSizeBytes,
                                     kPageSizeBytes, static_cast<uint32_t>(kSlabSizeBytes));
  classes_[1].size_bytes = normal;
  classes_[0].size_bytes = std::max(normal / kSmallDivisor, kPageSizeBytes);
}

BlockPool::~BlockPool() {
  for (void* slab : slabs_) munmap(slab, kSlabSizeBytes);
}

BlockPool::Class* BlockPool::class_of(uint32_t size_bytes) {
  for (Class& each : classes_) {
    if (each.size_bytes == size_bytes) return &each;
  }
  return nullptr;
}

bool BlockPool::has_warm(uint32_t size_bytes) const {
  return std::any_of(classes_.begin(), classes_.end(), [&](const Class& each) {
    return each.size_bytes == size_bytes && !each.warm.empty();
  });
}

bool BlockPool::add_slab(Class& wanted) {
  auto* slab = static_cast<char*>(map(kSlabSizeBytes));
  if (slab == nullptr) return false;
  slabs_.push_back(slab);
  const size_t blocks = kSlabSizeBytes / wanted.size_bytes;
  // From the back, so that the lowest address is taken first.
  for (size_t i = blocks; i > 0; --i) wanted.cold.push_back(slab + (i - 1) * wanted.size_bytes);
  return true;
}

char* BlockPool::take(uint32_t size_bytes) {
  Class* wanted = class_of(size_bytes);
  if (wanted == nullptr) {
    auto* large = static_cast<char*>(map(size_bytes));
    if (large != nullptr) resident_bytes_ += size_bytes;
    return large;
  }
  if (!wanted->warm.empty()) {
    char* block = wanted->warm.back();
    wanted->warm.pop_back();
    return block;
  }
  if (wanted->cold.empty() && !add_slab(*wanted)) return nullptr;
  char* block = wanted->cold.back();
  wanted->cold.pop_back();
  resident_bytes_ += size_bytes;
  return block;
}

void BlockPool::give_back(char* block, uint32_t size_bytes) {
  if (Class* home = class_of(size_bytes)) {
    home->warm.push_back(block);
    return;
  }
  munmap(block, size_bytes);
  resident_bytes_ -= size_bytes;
}

size_t BlockPool::trim() {
  size_t trimmed = 0;
  for (Class& each : classes_) {
    for (char* block : each.warm) {
      madvise(block, each.size_bytes, MADV_DONTNEED);
      each.cold.push_back(block);
      trimmed += each.size_bytes;
    }
    each.warm.clear();
  }
  GASOLINE_ASSERT(trimmed <= resident_bytes_);
  resident_bytes_ -= trimmed;
  return trimmed;
}

}  // namespace gasoline::store
