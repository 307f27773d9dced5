#pragma once

#include <string_view>

#include "base/arena.h"

namespace gasoline::understand {

/// `text` without terminal control sequences (CSI, OSC, two-byte escapes), without the carriage
/// returns at its end, and of a line that was drawn again and again (by carriage returns, or by
/// moving to its first column) the last state. Returns a part of `text` itself if there is no
/// escape in it; else a copy in `arena`. An escape that begins no known sequence is dropped alone.
/// Linear.
std::string_view strip_ansi(std::string_view text, Arena& arena);

}  // namespace gasoline::understand
