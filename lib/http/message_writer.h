#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace gasoline::http {

/// Writes the Date header's value, once a second.
class DateText {
 public:
  explicit DateText(const Clock& clock) : clock_(clock) {}
  /// "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call.
  std::string_view now();

 private:
  const Clock& clock_;
  int64_t second_ = -1;
  std::string text_;
};

/// How the client is told where an answer's body ends.
enum class BodyEnd { kCounted, kChunked, kConnectionEnd };

/// The head of an answer, with its empty line. Control characters in header values become spaces:
/// an answer may echo what a client sent.
std::string response_head(const Response& response, std::string_view date, bool keeps_alive,
                          BodyEnd body_end = BodyEnd::kCounted);

/// What stands before a chunk of so many bytes; a CRLF stands behind it.
std::string chunk_head(size_t size_bytes);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

/// The head of a request to `host`, with its empty line.
std::string request_head(const Request& request, std::string_view host);

}  // namespace gasoline::http
