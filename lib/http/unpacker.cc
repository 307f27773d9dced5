#include "http/unpacker.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "http/message.h"

namespace gasoline::http {

struct Unpacker::Codec {
  explicit Codec(size_t size_max) : unpacked_left(size_max) {}
  virtual ~Codec() = default;
  virtual Verdict append(std::string_view packed, std::string& to) = 0;

  /// Adds a piece to the body, unless that would exceed the bound.
  bool take(const char* bytes, size_t size, std::string& to) {
    if (size > unpacked_left) return false;
    unpacked_left -= size;
    to.append(bytes, size);
    return true;
  }

  size_t unpacked_left;
  bool at_end = false;
  std::array<char, 64 * 1024> piece;
};

struct Unpacker::Gzip final : Unpacker::Codec {
  explicit Gzip(size_t size_max) : Codec(size_max) {
    constexpr int kWindowBits = 15;
    constexpr int kGzipOnly = 16;
    GASOLINE_ASSERT(inflateInit2(&stream, kWindowBits + kGzipOnly) == Z_OK);
  }
  ~Gzip() override { inflateEnd(&stream); }

  Verdict append(std::string_view packed, std::string& to) override {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    while (stream.avail_in > 0 || stream.avail_out == 0) {
      // RFC 1952 2.2: a file may be several members, one after the other.
      if (at_end) {
        if (stream.avail_in == 0) break;
        inflateReset(&stream);
        at_end = false;
      }
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      const int status = inflate(&stream, Z_NO_FLUSH);
      if (status == Z_BUF_ERROR && stream.avail_in == 0) break;
      if (!take(piece.data(), piece.size() - stream.avail_out, to)) return Verdict::kTooLarge;
      if (status != Z_OK && status != Z_STREAM_END) return Verdict::kBad;
      at_end = status == Z_STREAM_END;
    }
    return Verdict::kOk;
  }

  z_stream stream{};
};

struct Unpacker::Zstd final : Unpacker::Codec {
  explicit Zstd(size_t size_max) : Codec(size_max), stream(ZSTD_createDStream()) {
    GASOLINE_ASSERT(stream != nullptr);
    // RFC 9659: a server need not take windows above 8 MiB, and without a bound a few bytes could
    // make us allocate gigabytes.
    constexpr int kWindowLogMax = 23;
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, kWindowLogMax);
  }
  ~Zstd() override { ZSTD_freeDStream(stream); }

  Verdict append(std::string_view packed, std::string& to) override {
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    bool is_full = false;
    while (in.pos < in.size || is_full) {
      ZSTD_outBuffer out{piece.data(), piece.size(), 0};
      const size_t status = ZSTD_decompressStream(stream, &out, &in);
      if (ZSTD_isError(status) != 0) return Verdict::kBad;
      if (!take(piece.data(), out.pos, to)) return Verdict::kTooLarge;
      at_end = status == 0;
      is_full = out.pos == out.size && !at_end;
    }
    return Verdict::kOk;
  }

  ZSTD_DStream* stream;
};

Unpacker::Coding Unpacker::coding(std::string_view value) {
  if (value.empty() || equals_ignoring_case(value, "identity")) return Coding::kIdentity;
  if (equals_ignoring_case(value, "gzip") || equals_ignoring_case(value, "x-gzip")) {
    return Coding::kGzip;
  }
  if (equals_ignoring_case(value, "zstd")) return Coding::kZstd;
  return Coding::kUnknown;
}

Unpacker::Unpacker(Coding coding, size_t unpacked_size_bytes_max) {
  if (coding == Coding::kGzip) {
    codec_ = std::make_unique<Gzip>(unpacked_size_bytes_max);
  } else {
    GASOLINE_ASSERT(coding == Coding::kZstd);
    codec_ = std::make_unique<Zstd>(unpacked_size_bytes_max);
  }
}

Unpacker::~Unpacker() = default;

Unpacker::Verdict Unpacker::append(std::string_view packed, std::string& to) {
  return codec_->append(packed, to);
}

bool Unpacker::is_at_end() const {
  return codec_->at_end;
}

}  // namespace gasoline::http
