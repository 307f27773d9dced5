#pragma once

namespace gasoline::process {

/// True if this process belongs to the foreground group of its controlling terminal, so that keys
/// such as Ctrl-C reach it and every process in its group.
bool is_in_foreground_of_terminal();

/// True if one of the three standard streams is on our controlling terminal, be it in its
/// foreground or, as a background job, behind it.
bool has_stream_on_controlling_terminal();

}  // namespace gasoline::process
