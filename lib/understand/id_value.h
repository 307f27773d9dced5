#pragma once

#include <string_view>

#include "understand/ids.h"

namespace gasoline::understand {

/// True for an id of 64 or 128 bits, in hexadecimal digits.
bool is_hex_id(std::string_view text);

/// "00-TRACE-SPAN-01" of W3C. False, with nothing taken, if `value` is anything else.
bool take_traceparent(std::string_view value, IdRank rank, Ids& ids);

/// "TRACE-SPAN-STATE-PARENT" of B3, with a trace of 64 or 128 bits; likewise.
bool take_b3(std::string_view value, IdRank rank, Ids& ids);

}  // namespace gasoline::understand
