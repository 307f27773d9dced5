#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/limits.h"
#include "http/message.h"
#include "http/response_stream.h"
#include "loop/loop.h"

namespace gasoline::http {

/// Answers one request, now or later. Copies answer the same request; the first answer counts.
///
/// Any thread: away from the loop's thread the answer travels through a bounded mailbox that has
/// room for every connection. When the last copy goes without an answer, the client gets 500. The
/// connection and the server may be gone meanwhile: then the answer is dropped.
class Responder {
 public:
  void respond(Response response) const;
  /// Begins an answer whose body follows piece by piece: its status, headers and content type are
  /// `head`'s. `on_room` may be empty; it is called on the loop's thread when a stream that had
  /// refused a piece has emptied to half of `waiting_bytes_max`, and must be safe to call until the
  /// server is gone. A stream of an answer that came too late is closed from the start.
  ResponseStream stream(Response head, size_t waiting_bytes_max,
                        std::function<void()> on_room) const;
  /// False once the client's connection broke or the server closed. A client that only ended its
  /// own sending side still waits.
  bool is_connected() const;

 private:
  friend class Connection;
  friend struct Gate;
  struct Exchange;
  explicit Responder(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  std::shared_ptr<Exchange> exchange_;
};

/// An HTTP/1.1 server on TCP and Unix sockets. Lives on one loop; loop thread only.
///
/// Connections are kept alive; pipelined requests are handled one after the other. A connection has
/// one request with the handler at a time, so at most Limits::connections_max are unanswered.
/// Malformed, oversized and slow requests are answered by the server itself and never reach the
/// handler. Nothing of a request is used as a file name.
class Server {
 public:
  /// Called when a head is complete and before its body is read. An answer refuses the request; the
  /// connection is closed after it if a body was announced.
  using HeadCheck = std::function<std::optional<Response>(const Request&)>;
  /// Called once for each good request.
  using Handler = std::function<void(Request&&, Responder)>;

  struct Counters {
    uint64_t connections_open = 0;
    uint64_t connections_total = 0;
    uint64_t streams_open = 0;               ///< answers that go out piece by piece
    uint64_t connections_refused_total = 0;  ///< over connections_max
    uint64_t requests_total = 0;             ///< given to the handler
    uint64_t refused_total = 0;              ///< answered by the head check or by the server itself
    uint64_t timeouts_total = 0;             ///< of any kind except idle
    uint64_t bodies_bytes = 0;               ///< held by requests that are not answered yet
    uint64_t in_bytes_total = 0;
    uint64_t out_bytes_total = 0;
  };

  Server(loop::Loop& loop, const Clock& clock, Limits limits, HeadCheck head_check,
         Handler handler);
  /// Closes everything at once. Responders may outlive it.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// `address` is a numeric IPv4 or IPv6 address. Port 0 takes a free one. Returns the port.
  Result<uint16_t> listen_tcp(const std::string& address, uint16_t port);
  /// Makes the socket file with this mode. A file left by a dead process is replaced; a live one is
  /// EADDRINUSE, anything that is no socket EEXIST. Asked again for the same path it does nothing,
  /// or makes the file again if it has vanished. close() removes the file if it is still ours.
  Status listen_unix(const std::string& path, mode_t mode);
  /// Takes a bound or listening socket (socket activation); owns it from now on.
  Status listen_fd(int fd);

  /// Closes the listening sockets; connections go on.
  void stop_accepting();
  /// stop_accepting(), then closes idle connections at once and the others after their answer. The
  /// loop runs idle when the last is gone, which Limits bound except for a handler that never
  /// answers.
  void close();

  Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gasoline::http
