#pragma once

#include <string_view>

#include "base/result.h"
#include "timeline_view.h"

namespace gasoline::cli {

/// Shows the digest that an answer with max_tokens is: errors, then lines, then what was cut and
/// how to go on. All of it is for stdout, since an agent reads that, and none of it is longer than
/// the digest's JSON.
Result<View> render_digest(std::string_view json);

}  // namespace gasoline::cli
