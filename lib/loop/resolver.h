#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "loop/connector.h"
#include "loop/loop.h"

namespace gasoline::loop {

/// Turns a host name into addresses. Loop thread only. Destroying it gives up.
///
/// Numeric addresses and "localhost" are answered without asking anybody; other names go to
/// getaddrinfo on libuv's thread pool.
class Resolver {
 public:
  /// At most this many addresses are returned.
  static constexpr size_t kAddressesMax = 8;
  using Done = std::function<void(Result<std::vector<SocketAddress>>)>;

  explicit Resolver(Loop& loop) : loop_(loop) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// The addresses of a host that needs no asking; empty for one that does.
  static std::vector<SocketAddress> known(const std::string& host, uint16_t port);
  /// `done` comes once, later, with at least one address or an Error. One question at a time.
  Status resolve(const std::string& host, uint16_t port, Done done);

 private:
  struct Request;
  Loop& loop_;
  Request* request_ = nullptr;  // freed in its callback, which always comes
};

}  // namespace gasoline::loop
