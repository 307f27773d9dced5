#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "io/file_system.h"
#include "spool/run_description.h"
#include "spool/spool_record.h"

namespace gasoline::spool {

/// What somebody needs to bring the rings of a dead run into its spool.
struct RingRun {
  RunDescription run;
  std::vector<std::string> spool_directories;  ///< where its spool may be, in order of preference
  uint64_t line_size_bytes_max = 0;
};

/// The directory of one run's rings, in memory: survives kill -9 of the wrapper, not the machine.
///
///     ROOT/RUN-ID/run      who it is, locked (flock) by the wrapper, or by whoever recovers it
///                 stdout   a StreamRing
///                 stderr
///
/// Destruction lets go of the lock and leaves the files.
class RingDirectory {
 public:
  /// Makes it and takes its lock. Removes what it made if it fails.
  static Result<RingDirectory> create(io::FileSystem& files, const std::string& root,
                                      const RingRun& ring_run);
  /// That of a dead run. Error::kLocked while its wrapper lives or somebody else recovers it.
  static Result<RingDirectory> open(io::FileSystem& files, const std::string& directory);

  /// That of a dead run whose lock somebody has kept: `lock` is the wrapper's open description.
  /// Error::kInvalid if it is not that of `directory`, or somebody else's.
  static Result<RingDirectory> adopt(io::FileSystem& files, const std::string& directory,
                                     FileDescriptor lock);

  const std::string& path() const { return path_; }
  /// Whoever shares this open file keeps everybody else away after our death.
  int lock_descriptor() const { return lock_->descriptor(); }
  std::string ring_path(Stream stream) const;
  const RingRun& ring_run() const { return ring_run_; }
  /// Removes the rings and the directory.
  Status remove();

 private:
  RingDirectory(io::FileSystem& files, std::string path, std::unique_ptr<io::File> lock,
                RingRun ring_run)
      : files_(&files),
        path_(std::move(path)),
        lock_(std::move(lock)),
        ring_run_(std::move(ring_run)) {}

  io::FileSystem* files_;
  std::string path_;
  std::unique_ptr<io::File> lock_;
  RingRun ring_run_;
};

}  // namespace gasoline::spool
