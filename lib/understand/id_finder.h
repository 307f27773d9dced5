#pragma once

#include <cstddef>
#include <string_view>

#include "understand/ids.h"

namespace gasoline::understand {

/// Finds ids in running text: fields such as `request_id=x`, `X-Trace-ID: x`, `[req:x]`, literals
/// of W3C, X-Ray and B3, and 128-bit ids where one is expected: alone in brackets, or first in the
/// message. `header_size` is the size of the line's prefix (time, level ...) that was recognised;
/// there, brackets hold ids rather than things that the message speaks of.
///
/// One pass, 16 bytes at a time; looks closer only at separators behind a promising letter and at
/// runs of 31 or more letters, digits and dashes. Allocates nothing.
void find_ids(std::string_view text, size_t header_size, Ids& ids);

/// The pair of Spring's prefix, [app,trace,span] or [app,trace,span,exported], whose ids may be too
/// short to be told anywhere else. `header` is the prefix of a line.
void find_header_tuple(std::string_view header, Ids& ids);

/// Only the literals that are telling anywhere: W3C, X-Ray, B3.
void find_id_literals(std::string_view text, Ids& ids);

}  // namespace gasoline::understand
