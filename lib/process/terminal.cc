#include "process/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file_descriptor.h"

namespace gasoline::process {

bool is_in_foreground_of_terminal() {
  const FileDescriptor terminal(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return terminal.is_open() && ::tcgetpgrp(terminal.get()) == ::getpgrp();
}

}  // namespace gasoline::process
