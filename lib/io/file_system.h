#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file.h"

namespace gasoline::io {

enum class OpenMode {
  kRead,             ///< must exist
  kReadWrite,        ///< must exist
  kCreateExclusive,  ///< must not exist; mode 0600
  kCreateIfMissing   ///< mode 0600 if it is created
};

/// The seam between our file formats and the disk: every name and every byte that must survive a
/// crash goes through it. Thread-safe. Errors carry the errno and name the path.
///
/// Names (creations, renames, removals) are durable only after sync_directory() of the directory
/// that holds them.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// Opens a regular file, close-on-exec, never through a symbolic link in its last place (ELOOP)
  /// and never anything but a regular file (EINVAL); other links in the path are followed.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  /// Replaces `to` atomically if it exists.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status unlink(const std::string& path) = 0;
  /// Mode 0700. EEXIST if the name is taken, by whatever.
  virtual Status make_directory(const std::string& path) = 0;
  virtual Status remove_directory(const std::string& path) = 0;
  /// Names in no order, without "." and "..". A name that comes or goes during the call may or may
  /// not be among them; one that is there throughout is.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& path) = 0;
  /// Of the name itself: does not follow a symbolic link.
  virtual Result<FileStatus> status(const std::string& path) = 0;
};

/// Makes `path`, and what is missing above it, durable in its parent. Success if it exists.
Status make_directories(FileSystem& files, const std::string& path);

}  // namespace gasoline::io
