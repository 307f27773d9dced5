#pragma once

#include <utility>

namespace gasoline {

/// Owns one file descriptor and closes it. Moves, never copies. -1 means that it owns none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  bool is_open() const { return fd_ >= 0; }
  int get() const { return fd_; }
  /// Gives the descriptor to the caller, who must close it.
  int release() { return std::exchange(fd_, -1); }
  /// Closes what is owned. An error of close(2) has no remedy and is ignored.
  void reset();

 private:
  int fd_ = -1;
};

}  // namespace gasoline
