#include "loop/listener.h"

#include <netinet/in.h>

#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "loop/error.h"

namespace gasoline::loop {

void Listener::on_connection(uv_stream_t* uv, int status) noexcept {
  auto* state = static_cast<State*>(uv->data);
  if (state->closing) return;
  if (status < 0) {
    ++state->failed_total;
    return;
  }
  Result<Stream> stream = Stream::accept(*state->loop, uv, state->is_unix);
  if (!stream) {
    ++state->failed_total;
    return;
  }
  state->accepted(std::move(*stream));
}

Result<Listener> Listener::open(Loop& loop, FileDescriptor socket, Accepted accepted) {
  int domain = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0) {
    return Error::from_errno(errno, "listen");
  }
  auto fresh = std::make_unique<State>();
  fresh->is_unix = domain == AF_UNIX;
  fresh->loop = &loop;
  fresh->accepted = std::move(accepted);
  const int init = fresh->is_unix ? uv_pipe_init(loop.uv(), &fresh->uv.pipe, 0)
                                  : uv_tcp_init(loop.uv(), &fresh->uv.tcp);
  if (init < 0) return error_from_uv(init, "listen");
  fresh->uv.stream.data = fresh.get();
  Handle<State> state(fresh.release());
  int status = state->is_unix ? uv_pipe_open(&state->uv.pipe, socket.get())
                              : uv_tcp_open(&state->uv.tcp, socket.get());
  if (status < 0) return error_from_uv(status, "listen");
  static_cast<void>(socket.release());
  status = uv_listen(&state->uv.stream, kBacklog, &Listener::on_connection);
  if (status < 0) return error_from_uv(status, "listen");
  return Listener(std::move(state));
}

int Listener::fd() const {
  uv_os_fd_t fd = -1;
  uv_fileno(reinterpret_cast<const uv_handle_t*>(&state_->uv), &fd);
  return fd;
}

Result<FileDescriptor> bind_tcp(const SocketAddress& address) {
  const int family = address.storage.ss_family;
  FileDescriptor socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error::from_errno(errno, "make a socket");
  const int on = 1;
  // Without it a restart within a minute would find its own old connections in the way.
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (family == AF_INET6) setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(socket.get(), address.get(), address.size) != 0) {
    return Error::from_errno(errno, "bind");
  }
  // Two programs with SO_REUSEADDR can both bind; only listening tells who has the port.
  if (listen(socket.get(), Listener::kBacklog) != 0) return Error::from_errno(errno, "listen");
  return socket;
}

uint16_t bound_port(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0) return 0;
  if (address.storage.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
  }
  if (address.storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
  }
  return 0;
}

}  // namespace gasoline::loop
