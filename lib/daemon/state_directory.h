#pragma once

#include <memory>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "io/file_system.h"

namespace gasoline::daemon {

/// The daemon's directory on disk, held by one daemon at a time.
class StateDirectory {
 public:
  /// Makes the directory and takes its lock. Error::kLocked if another daemon has it.
  static Result<StateDirectory> open(io::FileSystem& files, const std::string& path);

  const std::string& path() const { return path_; }
  /// The token for peers of other users: read from the file "token" (0600), or made at random.
  Result<std::string> token(Random& random);
  std::string token_path() const { return path_ + "/token"; }
  /// True if the directory lies on a network file system, where locks and syncs may not hold.
  bool is_on_network() const;

 private:
  StateDirectory(io::FileSystem& files, std::string path, std::unique_ptr<io::File> lock)
      : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}

  io::FileSystem* files_;
  std::string path_;
  std::unique_ptr<io::File> lock_;
};

}  // namespace gasoline::daemon
