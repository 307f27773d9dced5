#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "loop/loop.h"

namespace gasoline::http {

/// A keep-alive connection to one server. One request at a time. Loop thread only.
///
/// Connects when a request needs it and keeps the connection for the next one, unless the server
/// has closed it by then. Repeats nothing: a connection that breaks under a request is that
/// request's Error, and the next one connects anew. An idle client does not keep the loop alive.
class Client {
 public:
  struct Target {
    std::string unix_path;  ///< wins if set
    std::string host;       ///< a name or a numeric address, without brackets
    uint16_t port = 0;
  };
  using Done = std::function<void(Result<Response>)>;
  static constexpr size_t kResponseSizeBytesMax = 256 * 1024 * 1024;

  /// "http://host:port", "http://[::1]:7890/", "unix:/path". The port defaults to 80.
  static Result<Target> parse_url(std::string_view url);

  Client(loop::Loop& loop, Target target, size_t response_size_bytes_max = kResponseSizeBytesMax);
  /// A request in flight is dropped without calling back.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Sends `request`: its method, target (or path, if target is empty), headers and body; adds Host
  /// and Content-Length. `done` comes once, later, from the loop; the client may be used or
  /// destroyed in it. Errors: errno of connecting, kClosed, kTimedOut, kTooLarge, kInvalid (not
  /// HTTP). After any of them the server may or may not have handled the request. Asserts that none
  /// is in flight.
  void send(Request request, int64_t timeout_us, Done done);
  /// Sends like send(), and gives a good answer's (200) body to `on_piece` as it comes, for as long
  /// as it comes; `done` then has the last of it. Without a byte for `idle_timeout_us` it ends with
  /// kTimedOut. `on_piece` must not destroy the client, but may close() it, and then returns.
  void send_streaming(Request request, int64_t idle_timeout_us,
                      std::function<void(std::string)> on_piece, Done done);
  /// Reads no more of the answer in flight until told to; meanwhile no deadline runs. Without a
  /// connection there is nothing to pause.
  void set_paused(bool is_paused);
  bool is_busy() const;
  bool is_connected() const;
  /// Drops the connection. A request in flight ends with kClosed, before this returns.
  void close();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gasoline::http
