#include "base/page_memory.h"

#include <sys/mman.h>

#include "base/assert.h"

namespace gasoline {

PageMemory::PageMemory(size_t size_bytes) : size_(size_bytes) {
  void* const mapping = ::mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  GASOLINE_ASSERT(mapping != MAP_FAILED);
  bytes_ = static_cast<char*>(mapping);
}

PageMemory::~PageMemory() {
  if (bytes_ != nullptr) ::munmap(bytes_, size_);
}

}  // namespace gasoline
