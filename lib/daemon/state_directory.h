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
  /// What the masks of this machine are made with: 32 hex digits of the file "mask.key" (0600), or
  /// made at random. Whoever has it can compare masks, not read them.
  Result<std::string> mask_key(Random& random);
  std::string mask_key_path() const { return path_ + "/mask.key"; }
  /// True if the directory lies on a network file system, where locks and syncs may not hold.
  bool is_on_network() const;

 private:
  Result<std::string> read_or_make(const std::string& path, size_t digits, Random& random);
  StateDirectory(io::FileSystem& files, std::string path, std::unique_ptr<io::File> lock)
      : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}

  io::FileSystem* files_;
  std::string path_;
  std::unique_ptr<io::File> lock_;
};

}  // namespace gasoline::daemon
