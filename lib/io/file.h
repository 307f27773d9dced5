#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace gasoline::io {

enum class FileKind { kRegular, kDirectory, kSymbolicLink, kOther };

struct FileStatus {
  FileKind kind = FileKind::kOther;
  uint64_t size_bytes = 0;
  uint64_t allocated_bytes = 0;  ///< what it takes on the disk
  uint64_t device = 0;
  uint64_t inode = 0;  ///< with `device`: the same file, whatever its name
  int64_t modified_us = 0;
};

/// One open regular file. Closed by the destructor, which reports nothing: sync first what matters.
///
/// Every operation that a crash-safe format needs goes through here, so that a test can put a disk
/// behind it that loses what was never synced. Calls from several threads at once are allowed.
/// The successful path of reading and writing allocates nothing.
class File {
 public:
  virtual ~File() = default;

  /// Reads 1 to `size` bytes; 0 at the end of the file. Repeated for you by read_at().
  virtual Result<size_t> read_some_at(void* to, size_t size, uint64_t offset) = 0;
  /// Writes a beginning of the parts, one after another, and returns its size. Repeated for you by
  /// write_at(). Written bytes survive the process; they survive the machine after sync_data().
  virtual Result<size_t> write_some_at(std::span<const std::string_view> parts,
                                       uint64_t offset) = 0;
  /// Makes the bytes, and the size needed to read them, durable. After an Error the kernel may have
  /// forgotten which bytes were not written: never trust a second call on the same descriptor.
  virtual Status sync_data() = 0;
  /// Writes a beginning of `bytes`, makes it durable, and returns its size: as sync_data() does,
  /// but for these bytes alone, however much else of the file waits to be written. Unless
  /// overridden, by sync_data().
  virtual Result<size_t> write_some_durably_at(std::string_view bytes, uint64_t offset);
  /// Reserves space for [offset, offset + size) and grows the file to it; the bytes read as zeros.
  virtual Status allocate(uint64_t offset, uint64_t size) = 0;
  virtual Status truncate(uint64_t size) = 0;
  virtual Result<FileStatus> status() = 0;
  /// Takes the file's exclusive lock without waiting; held until this File is closed.
  /// Error::kLocked if another open file has it, in this process or another one.
  virtual Status try_lock() = 0;
  /// Of the open file, for a process that is to share it, lock and all; -1 if there is none.
  virtual int descriptor() const { return -1; }

  /// Reads `size` bytes, fewer only where the file ends.
  Result<size_t> read_at(void* to, size_t size, uint64_t offset);
  /// Writes all of the parts, or fails having written any beginning of them.
  Status write_at(std::span<const std::string_view> parts, uint64_t offset);
  Status write_at(std::string_view bytes, uint64_t offset) {
    return write_at(std::span<const std::string_view>(&bytes, 1), offset);
  }
  /// Writes all of `bytes`, durable on return.
  Status write_durably_at(std::string_view bytes, uint64_t offset);
};

}  // namespace gasoline::io
