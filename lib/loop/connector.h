#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/stream.h"

namespace gasoline::loop {

/// An address as the socket calls take it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  /// An address of a Unix socket; kTooLarge if the path does not fit (107 bytes).
  static Result<SocketAddress> from_path(const std::string& path);
  /// A numeric IPv4 or IPv6 address, without brackets; kInvalid for anything else.
  static Result<SocketAddress> from_ip(const std::string& address, uint16_t port);
};

/// Connects a Unix socket, which the kernel does at once or not at all.
Result<Stream> connect_unix(Loop& loop, const std::string& path);

/// A TCP connection that is being made. Destroying it gives up. Loop thread only.
class Connector {
 public:
  using Done = std::function<void(Result<Stream>)>;

  /// `done` comes once, later; the Connector may be destroyed in it. There is no deadline but the
  /// kernel's.
  static Result<std::unique_ptr<Connector>> start(Loop& loop, const SocketAddress& to, Done done);

 private:
  Connector(Loop& loop, FileDescriptor socket, Done done);
  void finish(int error_number);

  Loop& loop_;
  FileDescriptor socket_;
  Done done_;
  Poll poll_;
};

}  // namespace gasoline::loop
