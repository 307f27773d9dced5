#include "process/terminal.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file_descriptor.h"

namespace gasoline::process {

bool is_in_foreground_of_terminal() {
  const FileDescriptor terminal(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
  return terminal.is_open() && ::tcgetpgrp(terminal.get()) == ::getpgrp();
}

bool has_stream_on_controlling_terminal() {
  // Only of the controlling terminal does the kernel tell the foreground group.
  return ::tcgetpgrp(STDIN_FILENO) >= 0 || ::tcgetpgrp(STDOUT_FILENO) >= 0 ||
         ::tcgetpgrp(STDERR_FILENO) >= 0;
}

}  // namespace gasoline::process
