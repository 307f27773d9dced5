#pragma once

#include <cstddef>
#include <cstdint>

namespace gasoline::http {

/// The bounds of a server. Each has a default that fits a developer's machine.
struct Limits {
  size_t header_size_bytes_max = 64 * 1024;           ///< request line and headers: 431
  size_t body_size_bytes_max = 16 * 1024 * 1024;      ///< body as sent: 413
  size_t unpacked_size_bytes_max = 64 * 1024 * 1024;  ///< body after Content-Encoding: 413
  size_t bodies_size_bytes_max = 192 * 1024 * 1024;   ///< all unanswered bodies together: 503
  size_t headers_max = 256;                           ///< header fields of one request: 431
  size_t connections_max = 1024;                      ///< one more gets 503 and is closed
  size_t refused_connections_max = 64;                ///< being told so; more are just closed

  int64_t header_timeout_us = 10'000'000;  ///< from a request's first byte to its empty line: 408
  int64_t idle_timeout_us = 60'000'000;    ///< between two requests: closed without a word
  int64_t body_timeout_us = 120'000'000;   ///< from the head to the body's last byte: 408
  int64_t write_timeout_us = 30'000'000;   ///< without 64 KiB of an answer taken: closed
  int64_t stream_stall_us = 600'000'000;   ///< nothing of a waiting stream taken: closed
  int64_t linger_us = 1'000'000;  ///< reading away a refused body so that its answer is seen

  /// POST, PUT and PATCH without Content-Length or chunks get 411. False: their body is empty.
  bool length_required = true;
};

}  // namespace gasoline::http
