#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "config/configuration.h"

namespace gasoline::cli {

/// What `gasoline config check` says: every error and note, one a line, then the sum.
std::string check_text(const config::Reading& reading);

/// {"file":...,"status":"ok|wrong","errors":[{"line","column","key","what"}],"notes":[...]}
std::string check_json(const config::Reading& reading);

/// Every key with what it takes, its default and its meaning.
std::string keys_text();

/// What a daemon answers to a reload, in words. An Error if it is no such answer.
Result<std::string> render_reload(std::string_view json);

}  // namespace gasoline::cli
