#pragma once

#include <cstddef>
#include <string_view>

#include "event/event.h"
#include "understand/printed_time.h"

namespace gasoline::understand {

/// What stands before the message of a text line: time, level, and names in between.
struct Header {
  size_t size = 0;  ///< the message begins here; 0 when the line has no header
  bool has_time = false;
  bool has_level = false;
  PrintedTime time;
  event::Level level = event::Level::kInfo;
  std::string_view level_word;  ///< as printed; empty for letters and numbers of a format
  size_t time_at = 0;           ///< where the time's text begins; its size is in `time`
};

/// Reads the header of a text line by what it consists of, not by one format after the other: a
/// time or a level near the beginning is an anchor; brackets, logger names, callers, process ids
/// and separators next to anchors belong to the header; the message begins behind them.
///
/// Looks at the first kSizeMax bytes only.
class HeaderReader {
 public:
  static constexpr size_t kSizeMax = 512;

  static Header read(std::string_view line, const TimeContext& context);
};

}  // namespace gasoline::understand
