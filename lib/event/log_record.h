#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "event/event.h"

namespace gasoline::event {

/// The first two bytes of every record of the event log; docs/JOURNAL.md has the tables.
inline constexpr char kLogVersion = 1;
inline constexpr char kLogEvents = 1;    ///< events, one encoded after another, to the end
inline constexpr char kLogRunMarks = 2;  ///< sized run_id, varint seq, varint time, to the end

/// How far a run was taken when the record was written.
struct LoggedMark {
  std::string_view run_id;
  uint64_t seq = 0;
  int64_t time_us = 0;
};

/// A record of the event log. Views of the payload and of the arena.
struct LogRecord {
  char kind = 0;
  std::vector<Event> events;
  std::vector<LoggedMark> marks;
};

/// Overwrites `record`. False if the payload is no record of this version as a whole.
bool parse_log_record(std::string_view payload, LogRecord& record, Arena& arena);

}  // namespace gasoline::event
