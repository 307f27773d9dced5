#include "store/text_packer.h"

#include <lz4.h>

#include <algorithm>

namespace gasoline::store {

bool TextDictionary::note_packed(std::string_view messages) {
  if (++blocks_ != kBlocksBefore || messages.empty()) return false;
  text_ = messages.substr(messages.size() - std::min(messages.size(), kSizeBytes));
  is_made_.store(true, std::memory_order_release);
  return true;
}

struct TextPacker::Stream {
  LZ4_stream_t* lz4 = LZ4_createStream();
  ~Stream() { LZ4_freeStream(lz4); }
};

TextPacker::TextPacker() : stream_(std::make_unique<Stream>()) {}
TextPacker::~TextPacker() = default;

bool TextPacker::append_packed(std::string& to, std::string_view text,
                               std::string_view dictionary) {
  if (stream_->lz4 == nullptr) return false;
  LZ4_resetStream_fast(stream_->lz4);
  if (!dictionary.empty()) {
    LZ4_loadDict(stream_->lz4, dictionary.data(), static_cast<int>(dictionary.size()));
  }
  const size_t before = to.size();
  const int size = static_cast<int>(text.size());
  to.resize(before + static_cast<size_t>(LZ4_compressBound(size)));
  const int packed = LZ4_compress_fast_continue(stream_->lz4, text.data(), to.data() + before, size,
                                                static_cast<int>(to.size() - before), 1);
  to.resize(before + static_cast<size_t>(packed));
  return packed > 0;
}

bool unpack_text(std::string_view packed, std::string_view dictionary, std::string& to) {
  const int size = LZ4_decompress_safe_usingDict(
      packed.data(), to.data(), static_cast<int>(packed.size()), static_cast<int>(to.size()),
      dictionary.data(), static_cast<int>(dictionary.size()));
  return size >= 0 && static_cast<size_t>(size) == to.size();
}

}  // namespace gasoline::store
