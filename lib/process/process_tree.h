#pragma once

#include <sys/types.h>

namespace gasoline::process {

/// True if `pid` is `ancestor`, or a child of it, or a child's child ... False if it is gone, or if
/// a process between them has ended. Looks at no more than 64 generations.
bool descends_from(pid_t pid, pid_t ancestor);

/// True while `pid` is stopped, as by SIGSTOP or the suspend key; not by a debugger.
bool is_stopped(pid_t pid);

}  // namespace gasoline::process
