#include "http/response_stream.h"

#include "http/server_core.h"
#include "http/stream_state.h"

namespace gasoline::http {

void StreamState::gone(size_t size) {
  const size_t left = waiting_bytes.fetch_sub(size) - size;
  if (left > waiting_bytes_max / 2 || !has_refused.exchange(false)) return;
  if (on_room) on_room();
}

ResponseStream::Owner::~Owner() {
  note(true);
}

/// Tells the loop to come and look, unless it was told and has not looked yet.
void ResponseStream::Owner::note(bool ends) const {
  {
    const std::lock_guard lock(state->mutex);
    state->is_ended = state->is_ended || ends;
    if (state->is_noted || !state->is_open) return;
    state->is_noted = true;
  }
  state->gate->flush(state->gate, state);
}

bool ResponseStream::has_room(size_t size) const {
  const StreamState& state = *owner_->state;
  const size_t waiting = state.waiting_bytes.load();
  return waiting == 0 || waiting + size <= state.waiting_bytes_max;
}

bool ResponseStream::try_write(std::string_view piece) const {
  StreamState& state = *owner_->state;
  if (!state.is_open) return false;
  // First: room that comes in between is told, if once too often.
  state.has_refused = true;
  if (!has_room(piece.size())) return false;
  state.has_refused = false;
  state.waiting_bytes += piece.size();
  {
    const std::lock_guard lock(state.mutex);
    if (state.is_ended) {
      state.waiting_bytes -= piece.size();
      return false;
    }
    state.pending.append(piece);
  }
  owner_->note(false);
  return true;
}

bool ResponseStream::is_open() const {
  return owner_->state->is_open;
}

void ResponseStream::end() const {
  owner_->note(true);
}

}  // namespace gasoline::http
