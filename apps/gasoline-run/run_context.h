#pragma once

#include <string>
#include <vector>

namespace gasoline::run {

/// The service's name if the user gives none: the command's basename, or, for a package runner such
/// as "npm run dev", the name in the nearest package.json from `directory` upwards.
std::string default_name(const std::vector<std::string>& command, const std::string& directory);

/// The nearest directory from `directory` upwards that holds ".git"; empty if there is none.
std::string find_worktree(const std::string& directory);

/// This machine's name.
std::string host_name();

/// The current directory; empty if it is gone.
std::string current_directory();

}  // namespace gasoline::run
