#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gasoline::http {

/// Undoes a Content-Encoding piece by piece, with a bound on what comes out, so that a small body
/// can not become a large one by surprise. Holds the library's window (zstd: at most 8 MiB).
class Unpacker {
 public:
  enum class Coding { kIdentity, kGzip, kZstd, kUnknown };
  enum class Verdict { kOk, kTooLarge, kBad };

  /// Reads the value of a Content-Encoding header; lists of several codings are kUnknown.
  static Coding coding(std::string_view header_value);

  /// `coding` is kGzip or kZstd.
  Unpacker(Coding coding, size_t unpacked_size_bytes_max);
  ~Unpacker();
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  /// Appends what `packed` holds to `to`. After anything but kOk no further call may follow.
  Verdict append(std::string_view packed, std::string& to);
  /// True if the packed bytes so far end where a gzip member or a zstd frame ends.
  bool is_at_end() const;

 private:
  struct Codec;
  struct Gzip;
  struct Zstd;
  std::unique_ptr<Codec> codec_;
};

}  // namespace gasoline::http
