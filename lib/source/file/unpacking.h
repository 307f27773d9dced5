#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace gasoline::source {

/// How a rotation compressed a file.
enum class Packing { kNone, kGzip, kZstd, kXz, kBzip2, kOther };
/// By the ending of the name: .gz .zst .xz .bz2; kOther: .lz4 .Z .lzma .zip, which are not read.
Packing packing_of(std::string_view name);

/// Undoes a compressor piece by piece. Holds the library's window: up to 32 KiB for gzip, 8 MiB for
/// zstd, 65 MiB for xz (9 MiB as `xz` packs by itself), 4 MiB for bzip2. One thread.
class Unpacking {
 public:
  virtual ~Unpacking() = default;
  /// Appends what `packed` holds to `to`. False if it is damaged, or asks for a larger window: then
  /// no further call may follow.
  virtual bool append(std::string_view packed, std::string& to) = 0;
  /// True if the packed bytes so far may be all: they end where a stream ends.
  virtual bool is_at_end() const = 0;
};

/// `packing` is neither kNone nor kOther.
std::unique_ptr<Unpacking> make_unpacking(Packing packing);

}  // namespace gasoline::source
