#include "loop/error.h"

#include <uv.h>

namespace gasoline::loop {

Error error_from_uv(int status, std::string_view while_doing) {
  if (status == UV_EOF) return Error::of(Error::kClosed, while_doing, "the peer ended the stream");
  // libuv's own codes lie beyond the range in which errno values are negated.
  constexpr int kErrnoMax = 1000;
  if (status < -kErrnoMax) return Error::of(Error::kInvalid, while_doing, uv_strerror(status));
  return Error::from_errno(-status, while_doing);
}

}  // namespace gasoline::loop
