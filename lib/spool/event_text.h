#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spool/spool_record.h"

namespace gasoline::spool {

/// What one captured event of a run says, before the daemon has looked at it.
struct CapturedEvent {
  Stream stream = Stream::kStdout;
  int64_t time_us = 0;
  uint64_t line = 0;          ///< 0: not a line of the stream
  std::string_view message;   ///< any bytes
  std::string_view level;     ///< empty: to be found out
  std::string_view metadata;  ///< members of a JSON object; may be empty
};

/// Appends it as an element of the "events" of POST /v1/events.
void append_event_text(std::string& to, const CapturedEvent& event);

}  // namespace gasoline::spool
