#pragma once

#include <functional>

#include "base/result.h"
#include "loop/handle.h"
#include "loop/loop.h"

namespace gasoline::loop {

/// Calls a function on the loop's thread when the process gets a signal. Loop thread only.
///
/// Signals that arrive faster than the loop looks are merged, as the kernel does. While none
/// watches a signal, its default action is back. Does not keep the loop alive.
class SignalWatcher {
 public:
  SignalWatcher(Loop& loop, std::function<void(int signal_number)> callback);

  /// Fails for signals that cannot be caught.
  Status start(int signal_number);
  void stop();

 private:
  struct State {
    uv_signal_t uv{};
    bool closing = false;
    std::function<void(int)> callback;
  };
  Handle<State> state_;
};

}  // namespace gasoline::loop
