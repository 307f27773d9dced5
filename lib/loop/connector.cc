#include "loop/connector.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gasoline::loop {

Result<SocketAddress> SocketAddress::from_path(const std::string& path) {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof un.sun_path) {
    return Error::of(Error::kTooLarge, "socket path " + path,
                     "a Unix socket's path has 1 to 107 bytes");
  }
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  SocketAddress address;
  std::memcpy(&address.storage, &un, sizeof un);
  address.size = sizeof un;
  return address;
}

Result<SocketAddress> SocketAddress::from_ip(const std::string& text, uint16_t port) {
  SocketAddress address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
  } else {
    return Error::of(Error::kInvalid, "address " + text, "not a numeric IPv4 or IPv6 address");
  }
  return address;
}

Result<Stream> connect_unix(Loop& loop, const std::string& path) {
  Result<SocketAddress> address = SocketAddress::from_path(path);
  if (!address) return std::move(address).error();
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error::from_errno(errno, "make a socket");
  if (::connect(socket.get(), address->get(), address->size) != 0) {
    return Error::from_errno(errno, "connect to " + path);
  }
  return Stream::adopt(loop, std::move(socket));
}

Connector::Connector(Loop& loop, FileDescriptor socket, Done done)
    : loop_(loop),
      socket_(std::move(socket)),
      done_(std::move(done)),
      poll_(loop, [this](int, const Error* error) {
        // libuv reports a refusal as EBADF; the socket knows better.
        int error_number = 0;
        socklen_t size = sizeof error_number;
        if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_number, &size) != 0) {
          error_number = errno;
        }
        if (error_number == 0 && error != nullptr) error_number = error->code;
        finish(error_number);
      }) {}

Result<std::unique_ptr<Connector>> Connector::start(Loop& loop, const SocketAddress& to,
                                                    Done done) {
  FileDescriptor socket(
      ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Error::from_errno(errno, "make a socket");
  if (::connect(socket.get(), to.get(), to.size) != 0 && errno != EINPROGRESS) {
    return Error::from_errno(errno, "connect");
  }
  std::unique_ptr<Connector> connector(new Connector(loop, std::move(socket), std::move(done)));
  Status polling = connector->poll_.start(connector->socket_.get(), UV_WRITABLE);
  if (!polling) return std::move(polling).error();
  return connector;
}

void Connector::finish(int error_number) {
  poll_.stop();
  // The owner may destroy this Connector in the call, so nothing of it is touched afterwards.
  const Done done = std::move(done_);
  if (error_number != 0) return done(Error::from_errno(error_number, "connect"));
  done(Stream::adopt(loop_, std::move(socket_)));
}

}  // namespace gasoline::loop
