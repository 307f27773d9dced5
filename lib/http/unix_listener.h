#pragma once

#include <sys/types.h>

#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::http {

/// A socket file that we made, told from others of the same name by its inode.
struct SocketFile {
  std::string path;
  dev_t device = 0;
  ino_t inode = 0;

  /// True while the path still leads to the file that we made.
  bool is_ours() const;
  /// Removes the file if it is still ours.
  void remove() const;
};

/// Makes a listening Unix socket whose file never has a wider mode than `mode`. A socket file that
/// nobody listens on is replaced; EADDRINUSE if somebody does, EEXIST if it is no socket.
Result<FileDescriptor> bind_unix(const std::string& path, mode_t mode, SocketFile& file);

}  // namespace gasoline::http
