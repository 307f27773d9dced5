#pragma once

namespace gasoline::process {

/// True if this process belongs to the foreground group of its controlling terminal, so that keys
/// such as Ctrl-C reach it and every process in its group.
bool is_in_foreground_of_terminal();

}  // namespace gasoline::process
