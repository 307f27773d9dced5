#include "loop/poll.h"

#include <utility>

#include "loop/error.h"

namespace gasoline::loop {

Poll::Poll(Loop& loop, Callback callback) : loop_(loop), callback_(std::move(callback)) {}

void Poll::on_poll(uv_poll_t* uv, int status, int events) noexcept {
  auto* state = static_cast<State*>(uv->data);
  if (state->closing) return;
  if (status == 0) return state->callback(events, nullptr);
  const Error error = error_from_uv(status, "poll a descriptor");
  state->callback(0, &error);
}

Status Poll::start(int fd, int events) {
  if (state_ == nullptr || fd != fd_) {
    state_.reset();
    auto state = std::make_unique<State>();
    const int status = uv_poll_init(loop_.uv(), &state->uv, fd);
    if (status < 0) return error_from_uv(status, "watch a descriptor");
    state->uv.data = state.get();
    state->callback = callback_;
    state_.reset(state.release());
    fd_ = fd;
  }
  const int status = uv_poll_start(&state_->uv, events, &Poll::on_poll);
  if (status < 0) return error_from_uv(status, "poll a descriptor");
  return {};
}

void Poll::stop() {
  // The handle goes as well: a stopped one would still remember a descriptor number that its owner
  // may close and the kernel give to somebody else.
  state_.reset();
  fd_ = -1;
}

}  // namespace gasoline::loop
