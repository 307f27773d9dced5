#include "loop/timer.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace gasoline::loop {

namespace {

uint64_t ms_rounded_up(int64_t us) {
  return static_cast<uint64_t>((std::max<int64_t>(us, 0) + 999) / 1000);
}

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> callback) {
  auto state = std::make_unique<State>();
  GASOLINE_ASSERT(uv_timer_init(loop.uv(), &state->uv) == 0);
  state->uv.data = state.get();
  state->callback = std::move(callback);
  state_.reset(state.release());
}

void Timer::start(int64_t delay_us, int64_t repeat_us) {
  // The loop's time may be old by now: a callback that took long would shorten the delay.
  uv_update_time(state_->uv.loop);
  const int status = uv_timer_start(
      &state_->uv,
      [](uv_timer_t* uv) noexcept {
        auto* state = static_cast<State*>(uv->data);
        if (!state->closing) state->callback();
      },
      ms_rounded_up(delay_us), ms_rounded_up(repeat_us));
  GASOLINE_ASSERT(status == 0);
}

void Timer::stop() {
  uv_timer_stop(&state_->uv);
}

bool Timer::is_active() const {
  return uv_is_active(reinterpret_cast<const uv_handle_t*>(&state_->uv)) != 0;
}

void Timer::set_keeps_loop_alive(bool keeps) {
  keep_loop_alive(state_, keeps);
}

}  // namespace gasoline::loop
