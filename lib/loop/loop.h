#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace gasoline::loop {

/// One libuv loop. One per thread; everything on it is touched by that thread only, except
/// Mailbox::try_post.
///
/// Whoever has handles on the loop destroys them first. The destructor runs the close callbacks
/// that are still due and asserts that nothing was left open. The program must ignore SIGPIPE:
/// libuv writes with write(2).
class Loop {
 public:
  /// Out of descriptors or memory is an error.
  static Result<std::unique_ptr<Loop>> open();
  /// For those who cannot go on without a loop: aborts where open() would fail.
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until stop() or until no handle keeps it alive. False: stopped with work left.
  bool run();
  /// Waits for something to happen, runs its callbacks, returns. False when nothing is left to wait
  /// for.
  bool run_once();
  /// Runs what is due without waiting. False when nothing is left to wait for.
  bool run_ready();
  /// Makes run() return after the current round. From the loop's thread.
  void stop();

  /// Milliseconds in microseconds, taken once per round: cheap, for deadlines only.
  int64_t now_us() const { return static_cast<int64_t>(uv_now(&uv_)) * 1000; }

  uv_loop_t* uv() { return &uv_; }

 private:
  struct Unopened {};
  explicit Loop(Unopened) {}

  uv_loop_t uv_{};
  bool is_open_ = false;
};

}  // namespace gasoline::loop
