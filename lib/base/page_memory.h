#pragma once

#include <cstddef>
#include <utility>

namespace gasoline {

/// Memory straight from the kernel, for large buffers that come and go: all of it is given back at
/// the end, which a heap need not do. Cleared; not to be had is an assertion, as with new.
class PageMemory {
 public:
  PageMemory() = default;
  explicit PageMemory(size_t size_bytes);
  PageMemory(PageMemory&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  PageMemory& operator=(PageMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  PageMemory(const PageMemory&) = delete;
  PageMemory& operator=(const PageMemory&) = delete;
  ~PageMemory();

  char* get() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  char* bytes_ = nullptr;
  size_t size_ = 0;
};

}  // namespace gasoline
