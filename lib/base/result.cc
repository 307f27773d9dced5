#include "base/result.h"

#include <cstring>

namespace gasoline {

Error Error::from_errno(int errno_value, std::string_view while_doing) {
  return Error{errno_value, std::string(while_doing), {}};
}

Error Error::of(int code, std::string_view while_doing, std::string_view detail) {
  return Error{code, std::string(while_doing), std::string(detail)};
}

std::string Error::to_string() const {
  std::string text = while_doing;
  if (code > 0) {
    text += ": ";
    text += strerrordesc_np(code) != nullptr ? strerrordesc_np(code) : "unknown error";
  }
  if (!detail.empty()) {
    text += ": ";
    text += detail;
  }
  return text;
}

}  // namespace gasoline
