#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "http/limits.h"
#include "http/message.h"

namespace gasoline::http {

/// Turns the bytes of one connection into requests, one after the other. Knows no sockets and no
/// time. What it says does not depend on how the bytes were cut into pieces.
///
///   kHead --feed--> kHeadDone --accept_body--> kBody --feed--> kDone --take--> kHead
///     |                            |             |
///     +----------------------------+-------------+--> kRefused (final)
///
/// Strict where servers are known to disagree (request smuggling): one Content-Length or chunked,
/// no bare LF, no continued lines, no control characters.
class RequestParser {
 public:
  enum class State { kHead, kHeadDone, kBody, kDone, kRefused };

  /// `host_required`: an HTTP/1.1 request without Host is refused, as RFC 9112 3.2 asks.
  RequestParser(const Limits& limits, bool host_required);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Goes into every request from now on.
  void set_peer(const Peer& peer);

  State state() const;
  /// Uses bytes from the front of `bytes` and says how many: all of them in kHead and kBody, unless
  /// the state changes on the way. Uses none in the other states.
  size_t feed(std::string_view bytes);

  /// Room inside the body for bytes read from the socket, where they need no further copy: not more
  /// than the body still lacks. Empty where bytes must pass through feed().
  std::span<char> body_room();
  /// So many bytes were placed at the beginning of body_room().
  void body_filled(size_t size);

  /// In kHeadDone: goes on to kBody, or to kDone if there is no body.
  void accept_body();
  /// In kHeadDone and kDone.
  const Request& request() const;
  /// In kDone: the request, which the caller may change. Back to kHead.
  Request take();

  /// In kHeadDone and later.
  bool has_body() const;
  bool keeps_alive() const;
  bool expects_continue() const;
  /// False for HTTP/1.0, which knows no chunks.
  bool speaks_http11() const;
  /// True once a byte of the current request was seen.
  bool has_begun() const;
  /// Bytes allocated for the current body.
  size_t body_held_bytes() const;
  /// In kRefused: what to answer.
  const Response& refusal() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gasoline::http
