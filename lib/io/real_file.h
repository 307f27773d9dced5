#pragma once

#include <sys/stat.h>

#include <string>

#include "base/file_descriptor.h"
#include "io/file.h"

namespace gasoline::io {

/// A File on a descriptor that it owns. Made by RealFileSystem::open().
class RealFile final : public File {
 public:
  RealFile(FileDescriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) override;
  Result<size_t> write_some_at(std::span<const std::string_view> parts, uint64_t offset) override;
  Status sync_data() override;
  Result<size_t> write_some_durably_at(std::string_view bytes, uint64_t offset) override;
  Status allocate(uint64_t offset, uint64_t size) override;
  Status truncate(uint64_t size) override;
  Result<FileStatus> status() override;
  Status try_lock() override;
  int descriptor() const override { return fd_.get(); }

 private:
  Result<size_t> write_vector_at(std::span<const std::string_view> parts, uint64_t offset);
  Error failed(const char* verb) const;

  const FileDescriptor fd_;
  const std::string path_;
};

FileStatus file_status_from(const struct stat& from);

}  // namespace gasoline::io
