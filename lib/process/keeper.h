#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace gasoline::process {

/// Starts `program --keeper`, which goes on with a run whose wrapper has died, or waits for that.
/// Its standard input is `connection`; it has nothing else of ours, and a session of its own. The
/// caller reaps it.
Result<pid_t> start_keeper(const std::string& program, int connection);

/// The program: gasoline-run beside this one if it is there, else for PATH to find.
std::string find_keeper_program();

}  // namespace gasoline::process
