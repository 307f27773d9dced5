#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace gasoline::http {

/// A body that grows where it will stay: bytes are read from the socket straight into it, and each
/// byte of fresh memory is touched once, right before it is filled. Keeps `spare` bytes behind the
/// end.
class BodyBuffer {
 public:
  explicit BodyBuffer(size_t spare) : spare_(spare) {}

  /// Announces the size. Memory for up to 4 MiB is set aside at once and more as it comes, so that
  /// a large promise alone costs nothing.
  void expect(size_t size);
  /// 1 to `size_max` bytes at the end for the next read.
  std::span<char> room(size_t size_max);
  /// So many bytes of the room hold body now.
  void filled(size_t size);
  void append(std::string_view bytes);
  /// Lets `add` append to the text by itself.
  template <typename Add>
  auto append_by(Add add) {
    text_.resize(filled_);
    const auto verdict = add(text_);
    filled_ = text_.size();
    return verdict;
  }

  size_t size() const { return filled_; }
  size_t held_bytes() const { return text_.capacity(); }
  /// Gives the body away, with the spare bytes behind it; starts anew.
  std::string take();

 private:
  void make_capacity(size_t size);

  const size_t spare_;
  std::string text_;   // its size is how far memory has been touched
  size_t filled_ = 0;  // how far it holds body
};

}  // namespace gasoline::http
