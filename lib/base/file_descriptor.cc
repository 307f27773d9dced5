#include "base/file_descriptor.h"

#include <unistd.h>

namespace gasoline {

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace gasoline
