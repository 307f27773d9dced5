#pragma once

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::process {

/// A pseudo-terminal that takes what a child writes to one of its streams. The child gets `slave`;
/// what it writes is read from `master`, unchanged: the kernel's output processing (OPOST) is off,
/// because the terminal that it goes to in the end does its own, and because it costs more than
/// everything else on the way. That flag is the one thing in which its modes differ.
///
/// It is nobody's controlling terminal, and never becomes one by itself: keys, job control and
/// /dev/tty stay those of the real terminal. Read `master` to its end: EIO once nobody holds the
/// slave, so keep the slave open until the child has it.
struct Pty {
  FileDescriptor master;  ///< close-on-exec, blocking; a description of its own
  FileDescriptor slave;   ///< close-on-exec
};

/// Makes one that looks like the terminal `like_fd`: its modes and its window's size. If that is no
/// terminal it gets the kernel's modes and 80 columns by 24 rows.
Result<Pty> open_pty(int like_fd);

}  // namespace gasoline::process
