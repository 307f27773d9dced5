#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "io/file_system.h"

namespace gasoline::io {

/// A file system whose syncs can be put off: so that a start does not wait for a disk, while
/// whoever syncs later still gets all that it builds on.
///
/// While noting, sync_data() and sync_directory() note what they were called for and succeed. The
/// first call of either after that does all that was noted, in that order, and then its own. So
/// what was "synced" while noting is durable as soon as any later sync has succeeded, and not
/// before: for a format in which a power cut until then leaves nothing worse than a beginning that
/// is missing.
///
/// Thread-safe. Must outlive its files. Notes at most kNotedMax calls and does further ones at
/// once.
class SyncLaterFileSystem final : public FileSystem {
 public:
  static constexpr size_t kNotedMax = 64;

  /// `files` is borrowed. Begins without noting.
  explicit SyncLaterFileSystem(FileSystem& files) : files_(files) {}

  void set_noting(bool is_noting);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Status make_directory(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<FileStatus> status(const std::string& path) override;

 private:
  class NotingFile;
  struct Noted {
    std::shared_ptr<File> file;  // null: a directory
    std::string directory;
  };

  /// True if the call is noted. Else does what was noted; the caller does the rest, unless it
  /// fails.
  Result<bool> note_or_do(Noted noted);

  FileSystem& files_;
  std::mutex mutex_;
  bool is_noting_ = false;
  std::vector<Noted> noted_;
};

}  // namespace gasoline::io
