#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gasoline::source {

/// What the file system says of a file, behind symbolic links.
struct FileLook {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t birth_us = 0;  ///< when the inode was made; 0 where the file system does not say
  int64_t modified_us = 0;
  uint64_t size_bytes = 0;
  uint64_t links = 0;
  bool is_regular = false;
  bool is_directory = false;
};

Result<FileLook> look_at(const std::string& path);
Result<FileLook> look_at(int fd, const std::string& path);

/// How a generation of a file is recognised by its content: a hash of its first bytes, as many as
/// there were when it was last looked at, up to kSizeBytesMax. Grows with the file.
struct Head {
  static constexpr uint32_t kSizeBytesMax = 1024;
  uint32_t size_bytes = 0;  ///< 0: nothing is known
  uint64_t hash = 0;

  static Head of(std::string_view first_bytes);
  /// True if `first_bytes`, the beginning of another file, begins with what this is the hash of;
  /// or if nothing is known.
  bool is_head_of(std::string_view first_bytes) const;
  friend bool operator==(const Head&, const Head&) = default;
};

/// As many bytes before the place that was read up to are kept, to see that they are still there:
/// a file that was truncated and has grown past the place again has others.
inline constexpr size_t kTailSizeBytesMax = 64;

/// Checksums of the kTailSizeBytesMax bytes before the offsets 64, 128, 256 ... of a generation, as
/// far as it was read; 0 where they were not seen. By them a copy is recognised that ends before
/// the place which was read: a copy that was made while the file still grew.
class Samples {
 public:
  static constexpr size_t kCountMax = 48;

  /// Takes note of `bytes`, which lie at `offset`.
  void note(uint64_t offset, std::string_view bytes);
  static uint64_t offset_of(size_t index) { return kTailSizeBytesMax << index; }
  static uint32_t checksum_of(std::string_view bytes);

  std::vector<uint32_t> checksums;
};

/// Whether the file system tells of changes by inotify.
enum class Notices {
  kAll,
  kSome,  ///< an overlay: changes of a file that is still in a lower layer go unnoticed
  kNone   ///< a network or user-space file system: what others change goes unnoticed
};
Notices notices_of(int fd);
Notices notices_of_path(const std::string& path);

}  // namespace gasoline::source
