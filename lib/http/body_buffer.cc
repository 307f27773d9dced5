#include "http/body_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gasoline::http {

namespace {

constexpr size_t kExpectedBytesMax = 4 * 1024 * 1024;
constexpr size_t kReadBytesMax = 512 * 1024;

}  // namespace

void BodyBuffer::make_capacity(size_t size) {
  // std::string at least doubles, so that growing stays linear.
  if (text_.capacity() < size + spare_) text_.reserve(size + spare_);
}

void BodyBuffer::expect(size_t size) {
  make_capacity(std::min(size, kExpectedBytesMax));
}

std::span<char> BodyBuffer::room(size_t size_max) {
  if (filled_ == text_.size()) {
    const size_t size = filled_ + std::min(size_max, kReadBytesMax);
    make_capacity(size);
    text_.resize(size);
  }
  return {text_.data() + filled_, std::min(size_max, text_.size() - filled_)};
}

void BodyBuffer::filled(size_t size) {
  filled_ += size;
}

void BodyBuffer::append(std::string_view bytes) {
  text_.resize(filled_);
  make_capacity(filled_ + bytes.size());
  text_.append(bytes);
  filled_ = text_.size();
}

std::string BodyBuffer::take() {
  text_.resize(filled_);
  make_capacity(filled_);
  filled_ = 0;
  return std::exchange(text_, std::string());
}

}  // namespace gasoline::http
