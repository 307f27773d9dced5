#pragma once

#include <uv.h>

#include <memory>

namespace gasoline::loop {

/// Deleter for what belongs to one libuv handle: asks libuv to close the handle and frees the
/// memory in the close callback, which the loop runs later.
///
/// `State` has a member `uv`, a libuv handle whose `data` points back to the State, and a bool
/// `closing`, which callbacks look at: after the deleter ran, none may reach the owner any more.
/// Because the State outlives the owner until then, an owner may be destroyed from one of its own
/// callbacks without pulling the running function from under itself.
template <typename State>
struct CloseHandle {
  void operator()(State* state) const noexcept {
    state->closing = true;
    uv_close(reinterpret_cast<uv_handle_t*>(&state->uv),
             [](uv_handle_t* handle) noexcept { delete static_cast<State*>(handle->data); });
  }
};

/// Owns a State whose handle was initialised; a handle whose init failed never gets one.
template <typename State>
using Handle = std::unique_ptr<State, CloseHandle<State>>;

/// Lets the loop run on for this handle's sake, or not.
template <typename State>
void keep_loop_alive(const Handle<State>& state, bool keeps) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&state->uv);
  keeps ? uv_ref(handle) : uv_unref(handle);
}

}  // namespace gasoline::loop
