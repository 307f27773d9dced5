#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "source/file/file_identity.h"
#include "source/file/unpacking.h"

namespace gasoline::source {

/// The bytes of one generation of a file, wherever they are now: in the file itself, under a name
/// that a rotation gave it, in a copy, in a compressed copy. One thread.
class Content {
 public:
  virtual ~Content() = default;
  /// Fills `to` from `offset` on; fewer bytes only at the end.
  virtual Result<size_t> read_at(uint64_t offset, char* to, size_t size) = 0;
  /// Where data begins at or behind `offset`: past a hole, which reads as NULs.
  virtual uint64_t data_at(uint64_t offset) { return offset; }
  /// -1 if there is none to watch.
  virtual int fd() const { return -1; }
};

/// A plain file, by pread.
class PlainContent final : public Content {
 public:
  explicit PlainContent(FileDescriptor fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<size_t> read_at(uint64_t offset, char* to, size_t size) override;
  uint64_t data_at(uint64_t offset) override;
  int fd() const override { return fd_.get(); }

 private:
  const FileDescriptor fd_;
  const std::string path_;
};

/// Opens a regular file for reading, never waiting (a FIFO) and never taking a terminal.
Result<FileDescriptor> open_for_reading(const std::string& path);

/// A compressed file, unpacked in passing: cheap to read onwards, and from the beginning again for
/// every step back by more than the last kStepBackBytes. Holds the window (unpacking.h) and some
/// 128 KiB while it is open; few are open at a time.
std::unique_ptr<Content> open_packed(FileDescriptor fd, std::string path, Packing packing);

/// Opens what `path` names, by its ending. kInvalid for a packing that is not read.
Result<std::unique_ptr<Content>> open_content(const std::string& path);

/// The first bytes, up to Head::kSizeBytesMax.
Result<std::string> read_first_bytes(Content& content);

}  // namespace gasoline::source
