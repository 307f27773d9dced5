#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"

namespace gasoline::journal {

/// Emptied segments that several journals share, to be written over: a file whose blocks are
/// allocated, and whose pages are in memory, takes records at several times the speed of a new one.
///
///     POOL/NAME   a segment file of a former life, records and all
///
/// Whoever renames a file out of the directory owns it, so journals, threads and processes need no
/// lock. Its old records bear another segment_id than the header that its new owner writes, and are
/// never read as records of it. Mode 0700, as the journals that the files are from.
///
/// At most kSegmentsMax files, kept for kTtlUs after they were written last. For one thread.
class SegmentPool {
 public:
  static constexpr size_t kSegmentsMax = 40;
  static constexpr int64_t kTtlUs = 3'600'000'000;
  /// Of a file that is worth keeping, and not too large to be kept so often.
  static constexpr uint64_t kSizeBytesMin = 16ull << 20;
  static constexpr uint64_t kSizeBytesMax = 20ull << 20;

  /// `files` must outlive the pool.
  SegmentPool(io::FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  /// Makes the directory, for a journal whose successors will take from it.
  Status make();
  /// Takes over the segment at `path`, which nobody needs any more, under a name made of those of the
  /// file and of its directory, the run's id. Removes it if it has not the size, or the pool is full
  /// or was never made.
  Status give(const std::string& path);
  /// Moves one, of the last run that gave any, to `path`. False if there is none.
  ///
  /// `is_durable` sees to it that a power cut cannot bring its former name back once it has been
  /// written over: with one sync of the directory for all that are there at the time.
  Result<bool> take(const std::string& path, bool is_durable);
  /// Removes what nobody has taken for kTtlUs. `now_us` is wall time.
  void expire(int64_t now_us);

 private:
  io::FileSystem& files_;
  const std::string directory_;
  std::vector<std::string> names_;  // that take() may still find, the last first; durable
};

}  // namespace gasoline::journal
