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

/// The head of an answer, with its empty line. Control characters in header values become spaces:
/// an answer may echo what a client sent.
std::string response_head(const Response& response, std::string_view date, bool keeps_alive);

/// The head of a request to `host`, with its empty line.
std::string request_head(const Request& request, std::string_view host);

}  // namespace gasoline::http
