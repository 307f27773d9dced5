#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gasoline::store {

/// A piece of what a source says again and again, which its packed messages refer to. Made once, of
/// a block that the source filled when it had shown that it says much; what it says later may be
/// different, then its messages are packed as if there were none.
class TextDictionary {
 public:
  static constexpr size_t kSizeBytes = 8 << 10;
  /// So many blocks of a source are packed without one: it must not cost more than it saves.
  static constexpr uint32_t kBlocksBefore = 8;

  /// Empty until it is made; then never changes. Any thread.
  std::string_view text() const {
    return is_made_.load(std::memory_order_acquire) ? std::string_view(text_) : std::string_view();
  }
  /// Says that a block with these messages was packed; true if that made the dictionary. One thread
  /// at a time.
  bool note_packed(std::string_view messages);

 private:
  std::atomic<bool> is_made_{false};
  uint32_t blocks_ = 0;
  std::string text_;
};

/// Packs messages (LZ4: it unpacks three times as fast as zstd, which is what a search waits for, and
/// with the dictionary takes a fifth more room). For one thread.
class TextPacker {
 public:
  TextPacker();
  ~TextPacker();
  TextPacker(const TextPacker&) = delete;
  TextPacker& operator=(const TextPacker&) = delete;

  /// Appends the packed form of `text`, of at most 1 GiB. False if the system has no memory.
  bool append_packed(std::string& to, std::string_view text, std::string_view dictionary);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

/// Fills `to` from what append_packed() made with the same dictionary; false if that is not what it
/// was made of or not of this size.
bool unpack_text(std::string_view packed, std::string_view dictionary, std::string& to);

}  // namespace gasoline::store
