#pragma once

#include <functional>

#include "base/result.h"
#include "loop/handle.h"
#include "loop/loop.h"

namespace gasoline::loop {

/// Tells when a descriptor that someone else owns can be read or written. Loop thread only.
///
/// The descriptor becomes non-blocking, must stay open until stop() or destruction, and must be one
/// that epoll knows (no regular file). Level-triggered: the callback comes again until the cause is
/// gone. May be destroyed from its own callback.
class Poll {
 public:
  /// `events` holds bits of UV_READABLE, UV_WRITABLE, UV_DISCONNECT; `error` is nullptr or says
  /// that polling failed, after which no callback comes.
  using Callback = std::function<void(int events, const Error* error)>;

  Poll(Loop& loop, Callback callback);

  /// Begins to watch `fd`, or changes what is watched of it.
  Status start(int fd, int events);
  void stop();

 private:
  struct State {
    uv_poll_t uv{};
    bool closing = false;
    Callback callback;
  };
  static void on_poll(uv_poll_t* uv, int status, int events) noexcept;

  Loop& loop_;
  Callback callback_;
  int fd_ = -1;
  Handle<State> state_;
};

}  // namespace gasoline::loop
