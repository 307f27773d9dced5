#include "loop/loop.h"

#include "base/assert.h"
#include "loop/error.h"

namespace gasoline::loop {

Result<std::unique_ptr<Loop>> Loop::open() {
  std::unique_ptr<Loop> loop(new Loop(Unopened{}));
  const int status = uv_loop_init(&loop->uv_);
  if (status < 0) return error_from_uv(status, "open an event loop");
  loop->is_open_ = true;
  return loop;
}

Loop::Loop() {
  GASOLINE_ASSERT(uv_loop_init(&uv_) == 0);
  is_open_ = true;
}

Loop::~Loop() {
  if (!is_open_) return;
  bool left_open = false;
  uv_walk(
      &uv_,
      [](uv_handle_t* handle, void* found) {
        if (uv_is_closing(handle) == 0) *static_cast<bool*>(found) = true;
      },
      &left_open);
  GASOLINE_ASSERT(!left_open);
  // A stop() that no run() has seen would end this run before the close callbacks.
  while (uv_run(&uv_, UV_RUN_DEFAULT) != 0) {
  }
  GASOLINE_ASSERT(uv_loop_close(&uv_) == 0);
}

bool Loop::run() {
  return uv_run(&uv_, UV_RUN_DEFAULT) == 0;
}

bool Loop::run_once() {
  return uv_run(&uv_, UV_RUN_ONCE) != 0;
}

bool Loop::run_ready() {
  return uv_run(&uv_, UV_RUN_NOWAIT) != 0;
}

void Loop::stop() {
  uv_stop(&uv_);
}

}  // namespace gasoline::loop
