#include "support/counting_new.h"

#include <cstdlib>
#include <new>

namespace {

thread_local size_t count = 0;

}  // namespace

size_t gasoline::test::allocations() noexcept {
  return count;
}

void* operator new(size_t size) {
  ++count;
  void* bytes = std::malloc(size == 0 ? 1 : size);
  if (bytes == nullptr) std::abort();
  return bytes;
}

void* operator new[](size_t size) {
  return operator new(size);
}

// The library's own forms that do not throw would not be counted, and a sanitizer would see what
// they allocated freed by another family.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return operator new(size);
}

void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return operator new(size);
}

void* operator new(size_t size, std::align_val_t alignment) {
  ++count;
  const auto step = static_cast<size_t>(alignment);
  void* bytes = std::aligned_alloc(step, (size + step - 1) / step * step);
  if (bytes == nullptr) std::abort();
  return bytes;
}

void operator delete(void* bytes, std::align_val_t) noexcept {
  std::free(bytes);
}

void operator delete(void* bytes, size_t, std::align_val_t) noexcept {
  std::free(bytes);
}

void operator delete(void* bytes) noexcept {
  std::free(bytes);
}

void operator delete[](void* bytes) noexcept {
  std::free(bytes);
}

void operator delete(void* bytes, size_t) noexcept {
  std::free(bytes);
}

void operator delete[](void* bytes, size_t) noexcept {
  std::free(bytes);
}
