#pragma once

#include <string>

namespace gasoline {

/// True if `path`, or the nearest directory above it that exists, is on a file system in memory.
bool is_in_memory(const std::string& path);

}  // namespace gasoline
