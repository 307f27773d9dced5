#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace gasoline::process {

/// Starts `program --keeper`, which goes on with a run whose wrapper has died, or waits for that.
/// Its standard input is `connection`; it has nothing else of ours, and a session of its own. The
/// caller reaps it.
Result<pid_t> start_keeper(const std::string& program, int connection);

/// What a keeper is started with.
std::vector<std::string> keeper_arguments(const std::string& program);
std::vector<std::string> keeper_environment();

/// The program: gasoline-run beside this one if it is there, else for PATH to find.
std::string find_keeper_program();

}  // namespace gasoline::process
