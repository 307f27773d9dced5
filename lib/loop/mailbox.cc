#include "loop/mailbox.h"

#include <mutex>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "loop/handle.h"

namespace gasoline::loop {

struct Mailbox::State {
  uv_async_t uv{};
  bool closing = false;
  size_t functions_max = 0;

  std::mutex mutex;
  std::vector<std::function<void()>> waiting;  // guarded by mutex
  uint64_t refused_total = 0;                  // guarded by mutex

  std::vector<std::function<void()>> running;  // loop thread; its capacity is kept warm

  void run_waiting() {
    {
      const std::lock_guard lock(mutex);
      running.swap(waiting);
    }
    for (auto& function : running) {
      if (closing) break;
      function();
    }
    if (!closing) running.clear();
  }
};

void Mailbox::Closer::operator()(State* state) const noexcept {
  CloseHandle<State>{}(state);
}

Mailbox::Mailbox(Loop& loop, size_t functions_max) {
  auto state = std::make_unique<State>();
  const int status = uv_async_init(loop.uv(), &state->uv, [](uv_async_t* uv) noexcept {
    auto* own = static_cast<State*>(uv->data);
    if (!own->closing) own->run_waiting();
  });
  GASOLINE_ASSERT(status == 0);
  state->uv.data = state.get();
  state->functions_max = functions_max;
  state_.reset(state.release());
}

Mailbox::~Mailbox() = default;

bool Mailbox::try_post(std::function<void()> function) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->waiting.size() >= state_->functions_max) {
      ++state_->refused_total;
      return false;
    }
    state_->waiting.push_back(std::move(function));
  }
  uv_async_send(&state_->uv);
  return true;
}

uint64_t Mailbox::refused_total() const {
  const std::lock_guard lock(state_->mutex);
  return state_->refused_total;
}

void Mailbox::set_keeps_loop_alive(bool keeps) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&state_->uv);
  keeps ? uv_ref(handle) : uv_unref(handle);
}

}  // namespace gasoline::loop
