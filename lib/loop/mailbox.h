#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "loop/loop.h"

namespace gasoline::loop {

/// The way into a loop from other threads: a bounded queue of functions that the loop's thread
/// runs, in the order in which they were posted.
///
/// Constructed and destroyed on the loop's thread. Nobody may post once destruction began; what was
/// not run by then is dropped, unrun, on the loop's thread. Keeps the loop alive unless told
/// otherwise.
class Mailbox {
 public:
  Mailbox(Loop& loop, size_t functions_max);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread; never blocks for long, never runs the function itself. False, with the function
  /// dropped, when functions_max are waiting: the caller decides what that means.
  [[nodiscard]] bool try_post(std::function<void()> function);

  /// How often try_post said no. Any thread.
  uint64_t refused_total() const;
  void set_keeps_loop_alive(bool keeps);

 private:
  struct State;
  struct Closer {
    void operator()(State* state) const noexcept;
  };
  std::unique_ptr<State, Closer> state_;
};

}  // namespace gasoline::loop
