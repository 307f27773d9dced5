#pragma once

#include <cstdint>
#include <functional>

#include "loop/handle.h"
#include "loop/loop.h"

namespace gasoline::loop {

/// Calls a function later, once or again and again. Loop thread only.
///
/// Delays are rounded up to whole milliseconds. May be destroyed from its own callback.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> callback);

  /// Replaces what was started before. `repeat_us` 0: once.
  void start(int64_t delay_us, int64_t repeat_us = 0);
  void stop();
  bool is_active() const;
  /// Whether a started timer keeps Loop::run() going; it does unless told otherwise.
  void set_keeps_loop_alive(bool keeps);

 private:
  struct State {
    uv_timer_t uv{};
    bool closing = false;
    std::function<void()> callback;
  };
  Handle<State> state_;
};

}  // namespace gasoline::loop
