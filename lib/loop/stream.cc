#include "loop/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "loop/error.h"

namespace gasoline::loop {

namespace {

/// A TCP or a Unix socket: libuv has a type for each and common functions for both.
union AnyStream {
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

}  // namespace

struct Stream::State {
  AnyStream uv{};
  bool closing = false;
  bool is_reading = false;
  Reader reader;
};

void Stream::Closer::operator()(State* state) const noexcept {
  state->closing = true;
  uv_close(reinterpret_cast<uv_handle_t*>(&state->uv),
           [](uv_handle_t* handle) noexcept { delete static_cast<State*>(handle->data); });
}

Result<Stream> Stream::make(Loop& loop, bool is_unix) {
  auto state = std::make_unique<State>();
  const int status = is_unix ? uv_pipe_init(loop.uv(), &state->uv.pipe, 0)
                             : uv_tcp_init(loop.uv(), &state->uv.tcp);
  if (status < 0) return error_from_uv(status, "make a socket");
  state->uv.stream.data = state.get();
  return Stream(state.release());
}

Result<Stream> Stream::adopt(Loop& loop, FileDescriptor socket) {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) {
    return Error::from_errno(errno, "take a socket");
  }
  const bool is_unix = domain == AF_UNIX;
  Result<Stream> stream = make(loop, is_unix);
  if (!stream) return stream;
  AnyStream& uv = stream->state_->uv;
  const int status =
      is_unix ? uv_pipe_open(&uv.pipe, socket.get()) : uv_tcp_open(&uv.tcp, socket.get());
  if (status < 0) return error_from_uv(status, "take a socket");
  static_cast<void>(socket.release());
  // Answers go out whole; waiting for more to say would only delay them.
  if (!is_unix) uv_tcp_nodelay(&uv.tcp, 1);
  return stream;
}

Result<Stream> Stream::accept(Loop& loop, uv_stream_t* listening, bool is_unix) {
  Result<Stream> stream = make(loop, is_unix);
  if (!stream) return stream;
  AnyStream& uv = stream->state_->uv;
  const int status = uv_accept(listening, &uv.stream);
  if (status < 0) return error_from_uv(status, "accept");
  if (!is_unix) uv_tcp_nodelay(&uv.tcp, 1);
  return stream;
}

int Stream::fd() const {
  uv_os_fd_t fd = -1;
  if (state_ != nullptr) uv_fileno(reinterpret_cast<const uv_handle_t*>(&state_->uv), &fd);
  return fd;
}

void Stream::on_room(uv_handle_t* handle, size_t, uv_buf_t* room) noexcept {
  auto* state = static_cast<State*>(handle->data);
  *room = uv_buf_init(nullptr, 0);
  if (state->closing) return;
  const std::span<char> bytes = state->reader.room();
  *room = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
}

void Stream::on_read(uv_stream_t* stream, ssize_t size, const uv_buf_t*) noexcept {
  auto* state = static_cast<State*>(stream->data);
  if (state->closing || size == 0) return;
  if (size > 0) return state->reader.received(static_cast<size_t>(size));
  // An owner without room pauses; it is no error of the stream.
  uv_read_stop(stream);
  state->is_reading = false;
  if (size != UV_ENOBUFS) state->reader.ended(error_from_uv(static_cast<int>(size), "read"));
}

Status Stream::start_reading(Reader reader) {
  if (reader.received) state_->reader = std::move(reader);
  if (state_->is_reading) return {};
  const int status = uv_read_start(&state_->uv.stream, &Stream::on_room, &Stream::on_read);
  if (status < 0) return error_from_uv(status, "read");
  state_->is_reading = true;
  return {};
}

void Stream::stop_reading() {
  uv_read_stop(&state_->uv.stream);
  state_->is_reading = false;
}

bool Stream::is_reading() const {
  return state_ != nullptr && state_->is_reading;
}

void Stream::set_keeps_loop_alive(bool keeps) {
  auto* handle = reinterpret_cast<uv_handle_t*>(&state_->uv);
  keeps ? uv_ref(handle) : uv_unref(handle);
}

namespace {

struct WriteRequest {
  uv_write_t uv{};
  std::string first;
  std::string second;
  Stream::Done done;
};

struct ShutdownRequest {
  uv_shutdown_t uv{};
  Stream::Done done;
};

/// What of both is left behind `taken_bytes`. One of the two may be empty.
std::array<uv_buf_t, 2> parts_of(std::string& first, std::string& second, size_t taken_bytes) {
  const size_t of_first = std::min(taken_bytes, first.size());
  const size_t of_second = taken_bytes - of_first;
  return {uv_buf_init(first.data() + of_first, static_cast<unsigned>(first.size() - of_first)),
          uv_buf_init(second.data() + of_second, static_cast<unsigned>(second.size() - of_second))};
}

Status status_from_uv(int status, const char* while_doing) {
  if (status < 0) return error_from_uv(status, while_doing);
  return {};
}

}  // namespace

bool Stream::write(std::string first, std::string second, Done done) {
  std::array<uv_buf_t, 2> parts = parts_of(first, second, 0);
  // Before a request is made: its end costs libuv a round of the loop and a system call. A failure
  // is met again below, and told through `done`.
  const int taken = uv_try_write(&state_->uv.stream, parts.data(), parts.size());
  const size_t taken_bytes = taken > 0 ? static_cast<size_t>(taken) : 0;
  if (taken_bytes == first.size() + second.size()) return true;
  auto* request = new WriteRequest{{}, std::move(first), std::move(second), std::move(done)};
  request->uv.data = request;
  parts = parts_of(request->first, request->second, taken_bytes);
  const int status =
      uv_write(&request->uv, &state_->uv.stream, parts.data(), parts.size(),
               [](uv_write_t* uv, int result) noexcept {
                 const std::unique_ptr<WriteRequest> own(static_cast<WriteRequest*>(uv->data));
                 const auto* state = static_cast<State*>(uv->handle->data);
                 if (!state->closing && own->done) own->done(status_from_uv(result, "write"));
               });
  GASOLINE_ASSERT(status == 0);
  return false;
}

size_t Stream::unwritten_bytes() const {
  return state_ == nullptr ? 0 : uv_stream_get_write_queue_size(&state_->uv.stream);
}

void Stream::shut_down(Done done) {
  auto* request = new ShutdownRequest{{}, std::move(done)};
  request->uv.data = request;
  const int status =
      uv_shutdown(&request->uv, &state_->uv.stream, [](uv_shutdown_t* uv, int result) noexcept {
        const std::unique_ptr<ShutdownRequest> own(static_cast<ShutdownRequest*>(uv->data));
        const auto* state = static_cast<State*>(uv->handle->data);
        if (!state->closing && own->done) own->done(status_from_uv(result, "shut down"));
      });
  // Already shut down, or never connected: nobody waits for more than that.
  if (status < 0) delete request;
}

}  // namespace gasoline::loop
