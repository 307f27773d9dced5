#pragma once

#include "io/file_system.h"

namespace gasoline::io {

/// The machine's file system, by plain system calls. Holds no state.
class RealFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Status make_directory(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<FileStatus> status(const std::string& path) override;
};

}  // namespace gasoline::io
