#include "source/file/unpacking.h"

#include <bzlib.h>
#include <lzma.h>

#include <array>
#include <cstdint>

#include "base/assert.h"
#include "http/unpacker.h"

namespace gasoline::source {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr uint64_t kXzMemoryMax = 80 << 20;  // what `xz -9` needs, and a little

class HttpUnpacking final : public Unpacking {
 public:
  explicit HttpUnpacking(http::Unpacker::Coding coding) : unpacker_(coding, SIZE_MAX) {}
  bool append(std::string_view packed, std::string& to) override {
    return unpacker_.append(packed, to) == http::Unpacker::Verdict::kOk;
  }
  bool is_at_end() const override { return unpacker_.is_at_end(); }

 private:
  http::Unpacker unpacker_;
};

class XzUnpacking final : public Unpacking {
 public:
  XzUnpacking() { GASOLINE_ASSERT(begin() == LZMA_OK); }
  ~XzUnpacking() override { lzma_end(&stream_); }

  bool append(std::string_view packed, std::string& to) override {
    stream_.next_in = reinterpret_cast<const uint8_t*>(packed.data());
    stream_.avail_in = packed.size();
    do {
      // A file may be several streams, one after the other.
      if (is_at_end_ && stream_.avail_in > 0 && begin() != LZMA_OK) return false;
      stream_.next_out = piece_.data();
      stream_.avail_out = piece_.size();
      const lzma_ret status = lzma_code(&stream_, LZMA_RUN);
      to.append(reinterpret_cast<const char*>(piece_.data()), piece_.size() - stream_.avail_out);
      is_at_end_ = status == LZMA_STREAM_END;
      const bool is_starved = status == LZMA_BUF_ERROR && stream_.avail_in == 0;
      if (status != LZMA_OK && !is_at_end_ && !is_starved) return false;
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return true;
  }
  bool is_at_end() const override { return is_at_end_; }

 private:
  lzma_ret begin() {
    is_at_end_ = false;
    return lzma_stream_decoder(&stream_, kXzMemoryMax, 0);
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool is_at_end_ = false;
  std::array<uint8_t, kPieceBytes> piece_;
};

class Bzip2Unpacking final : public Unpacking {
 public:
  Bzip2Unpacking() { begin(); }
  ~Bzip2Unpacking() override { BZ2_bzDecompressEnd(&stream_); }

  bool append(std::string_view packed, std::string& to) override {
    stream_.next_in = const_cast<char*>(packed.data());
    stream_.avail_in = static_cast<unsigned>(packed.size());
    do {
      if (is_at_end_ && stream_.avail_in > 0) begin_again();
      stream_.next_out = piece_.data();
      stream_.avail_out = static_cast<unsigned>(piece_.size());
      const int status = is_at_end_ ? BZ_STREAM_END : BZ2_bzDecompress(&stream_);
      to.append(piece_.data(), piece_.size() - stream_.avail_out);
      is_at_end_ = status == BZ_STREAM_END;
      if (status != BZ_OK && !is_at_end_) return false;
    } while (stream_.avail_in > 0 || stream_.avail_out == 0);
    return true;
  }
  bool is_at_end() const override { return is_at_end_; }

 private:
  void begin() { GASOLINE_ASSERT(BZ2_bzDecompressInit(&stream_, 0, 0) == BZ_OK); }
  void begin_again() {
    const bz_stream rest = stream_;
    BZ2_bzDecompressEnd(&stream_);
    stream_ = {};
    begin();
    stream_.next_in = rest.next_in;
    stream_.avail_in = rest.avail_in;
    is_at_end_ = false;
  }

  bz_stream stream_{};
  bool is_at_end_ = false;
  std::array<char, kPieceBytes> piece_;
};

}  // namespace

Packing packing_of(std::string_view name) {
  if (name.ends_with(".gz")) return Packing::kGzip;
  if (name.ends_with(".zst")) return Packing::kZstd;
  if (name.ends_with(".xz")) return Packing::kXz;
  if (name.ends_with(".bz2")) return Packing::kBzip2;
  for (const std::string_view ending : {".lz4", ".Z", ".lzma", ".zip"}) {
    if (name.ends_with(ending)) return Packing::kOther;
  }
  return Packing::kNone;
}

std::unique_ptr<Unpacking> make_unpacking(Packing packing) {
  switch (packing) {
    case Packing::kGzip:
      return std::make_unique<HttpUnpacking>(http::Unpacker::Coding::kGzip);
    case Packing::kZstd:
      return std::make_unique<HttpUnpacking>(http::Unpacker::Coding::kZstd);
    case Packing::kXz:
      return std::make_unique<XzUnpacking>();
    case Packing::kBzip2:
      return std::make_unique<Bzip2Unpacking>();
    case Packing::kNone:
    case Packing::kOther:
      break;
  }
  GASOLINE_ASSERT(false);
  return nullptr;
}

}  // namespace gasoline::source
