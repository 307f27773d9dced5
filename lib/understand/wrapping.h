#pragma once

#include <string_view>

#include "base/arena.h"
#include "understand/printed_time.h"

namespace gasoline::understand {

/// What stood around a line that another program passed on.
struct Wrapping {
  std::string_view line;  ///< the line inside
  bool has_time = false;
  PrintedTime time;         ///< when the other program took it
  std::string_view name;    ///< who printed it: "api" of "api  | ..."
  std::string_view stream;  ///< stdout or stderr
  std::string_view time_text;
  bool goes_on = false;  ///< more of the line is in the next record (record_pieces.h)
};

/// Unwraps one layer of Docker's json-file format, Kubernetes' CRI format, or the prefixes of
/// `docker compose`, `foreman` and `concurrently`. False, with `wrapping` unchanged, for any other
/// line.
bool unwrap(std::string_view text, const TimeContext& context, Arena& arena, Wrapping& wrapping);

}  // namespace gasoline::understand
