#pragma once

#include <sys/types.h>

#include "base/file_descriptor.h"

namespace gasoline::process {

/// True if `pid` is `ancestor`, or a child of it, or a child's child ... False if it is gone, or if
/// a process between them has ended. Looks at no more than 64 generations.
bool descends_from(pid_t pid, pid_t ancestor);

/// True while `pid` is stopped, as by SIGSTOP or the suspend key; not by a debugger.
bool is_stopped(pid_t pid);

/// Stands for one process, whatever becomes of its number. Not open if it is gone.
FileDescriptor open_process(pid_t pid);

/// As a terminal that is closed: SIGHUP to the whole group of `process`, whose number is `pid`, and
/// SIGCONT for what of it is stopped. Nothing if the process is gone: its number may be another's.
void hang_up_group(int process, pid_t pid);

}  // namespace gasoline::process
