#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace gasoline::http {

/// Turns bytes into one response. Knows no sockets and no time. Interim answers (1xx) are skipped.
///
/// A body is counted, chunked, or lasts until the end of the stream; to a HEAD request there is
/// none.
class ResponseParser {
 public:
  static constexpr size_t kHeadSizeBytesMax = 64 * 1024;
  enum class State { kHead, kBody, kDone, kFailed };

  ResponseParser(bool answers_head, size_t body_size_bytes_max);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  State state() const;
  /// Uses bytes from the front of `bytes` and says how many; all of them until kDone or kFailed.
  size_t feed(std::string_view bytes);
  /// The stream ended: a body that lasts until then is done, anything else unfinished has failed.
  void end();

  /// Room inside a counted body for bytes read from the socket; empty where they must pass feed().
  std::span<char> body_room();
  void body_filled(size_t size);

  /// In kBody: the status and headers; the body is empty.
  const Response& head() const;
  /// In kBody: what came of the body since the last call.
  std::string take_piece();

  /// In kDone: the response, once; its body without what take_piece() gave.
  Response take();
  /// In kDone: whether another request may follow on the connection.
  bool keeps_alive() const;
  /// In kFailed: kInvalid, kTooLarge or, if the stream ended too early, kClosed.
  const Error& error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gasoline::http
