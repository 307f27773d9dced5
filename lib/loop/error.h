#pragma once

#include <string_view>

#include "base/result.h"

namespace gasoline::loop {

/// Turns a negative status of libuv into an Error: its errno where there is one, kClosed for the
/// end of a stream, kInvalid with libuv's text for what only libuv knows (name resolution).
Error error_from_uv(int status, std::string_view while_doing);

}  // namespace gasoline::loop
