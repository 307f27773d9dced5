#pragma once

#include <cstdint>
#include <string_view>

#include "http/message.h"

namespace gasoline::capture {

/// What an answer to a batch means for the batch.
enum class Verdict {
  kTaken,    ///< acknowledged at some level; `failed` may name events that were refused
  kTooMuch,  ///< the daemon refuses these events: split until the bad one is alone
  kLater,    ///< the daemon is busy or broken: the same again, after `retry_after_us`
  kNotOurs   ///< whatever answers there is not a daemon of ours
};

struct Acknowledgement {
  Verdict verdict = Verdict::kNotOurs;
  std::string_view failed;     ///< the raw JSON array of refused events; empty if there are none
  int64_t retry_after_us = 0;  ///< 0 if the answer did not say
  std::string_view version;    ///< of the daemon; empty if it did not say
};

/// Reads the daemon's answer (docs/API.md). Only a 200 with a well-formed "ack" counts as taken:
/// anything may listen on a port. Views point into `response`. Allocates nothing and loads no JSON
/// library, which would cost the wrapper more than its whole start.
Acknowledgement read_acknowledgement(const http::Response& response);

/// True if version `left` ("1.2.3") comes before `right`; false if either is no version.
bool is_older_version(std::string_view left, std::string_view right);

}  // namespace gasoline::capture
