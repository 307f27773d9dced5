#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/real_file_system.h"

namespace gasoline::test {

/// The real file system, of which a test overrides what is to go wrong.
class FileSystemWrapper : public io::FileSystem {
 public:
  using Opened = Result<std::unique_ptr<io::File>>;

  Opened open(const std::string& path, io::OpenMode mode) override {
    return real_.open(path, mode);
  }
  Status rename(const std::string& from, const std::string& to) override {
    return real_.rename(from, to);
  }
  Status unlink(const std::string& path) override { return real_.unlink(path); }
  Status make_directory(const std::string& path) override { return real_.make_directory(path); }
  Status remove_directory(const std::string& path) override { return real_.remove_directory(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return real_.list(path);
  }
  Status sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  Result<io::FileStatus> status(const std::string& path) override { return real_.status(path); }

 private:
  io::RealFileSystem real_;
};

}  // namespace gasoline::test
