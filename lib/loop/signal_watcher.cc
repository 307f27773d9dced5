#include "loop/signal_watcher.h"

#include <string>
#include <utility>

#include "base/assert.h"
#include "loop/error.h"

namespace gasoline::loop {

SignalWatcher::SignalWatcher(Loop& loop, std::function<void(int)> callback) {
  auto state = std::make_unique<State>();
  GASOLINE_ASSERT(uv_signal_init(loop.uv(), &state->uv) == 0);
  state->uv.data = state.get();
  state->callback = std::move(callback);
  state_.reset(state.release());
  keep_loop_alive(state_, false);
}

Status SignalWatcher::start(int signal_number) {
  const int status = uv_signal_start(
      &state_->uv,
      [](uv_signal_t* uv, int number) noexcept {
        auto* state = static_cast<State*>(uv->data);
        if (!state->closing) state->callback(number);
      },
      signal_number);
  if (status < 0) return error_from_uv(status, "watch signal " + std::to_string(signal_number));
  return {};
}

void SignalWatcher::stop() {
  uv_signal_stop(&state_->uv);
}

}  // namespace gasoline::loop
