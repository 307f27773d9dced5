#pragma once

#include <functional>
#include <memory>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "loop/connector.h"
#include "loop/handle.h"
#include "loop/loop.h"
#include "loop/stream.h"

namespace gasoline::loop {

/// Accepts connections on a socket, TCP or Unix. Loop thread only; destruction stops it at once.
class Listener {
 public:
  /// How many connections the kernel keeps for us between two looks.
  static constexpr int kBacklog = 1024;
  using Accepted = std::function<void(Stream)>;

  /// Listens on a socket that is bound, or that listens already (socket activation).
  static Result<Listener> open(Loop& loop, FileDescriptor socket, Accepted accepted);

  /// Connections that were lost at accept, for want of descriptors or because the peer had gone.
  uint64_t failed_total() const { return state_->failed_total; }
  int fd() const;

 private:
  union AnyListener {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  };
  struct State {
    AnyListener uv{};
    bool closing = false;
    bool is_unix = false;
    Loop* loop = nullptr;
    Accepted accepted;
    uint64_t failed_total = 0;
  };
  explicit Listener(Handle<State> state) : state_(std::move(state)) {}
  static void on_connection(uv_stream_t* stream, int status) noexcept;

  Handle<State> state_;
};

/// A bound TCP socket. Port 0 takes a free one; bound_port() tells which.
Result<FileDescriptor> bind_tcp(const SocketAddress& address);
/// The port of a bound TCP socket, 0 for others.
uint16_t bound_port(int fd);

}  // namespace gasoline::loop
