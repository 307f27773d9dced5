#include "event/log_record.h"

#include "base/bytes.h"
#include "event/event_codec.h"

namespace gasoline::event {
namespace {

bool take_mark(std::string_view& from, LoggedMark& mark) {
  uint64_t time_us = 0;
  if (!take_sized(from, mark.run_id) || !take_varint(from, mark.seq) ||
      !take_varint(from, time_us)) {
    return false;
  }
  mark.time_us = static_cast<int64_t>(time_us);
  return true;
}

}  // namespace

bool parse_log_record(std::string_view payload, LogRecord& record, Arena& arena) {
  record.events.clear();
  record.marks.clear();
  record.kind = 0;
  if (payload.size() <= 2 || payload[0] != kLogVersion) return false;
  record.kind = payload[1];
  payload.remove_prefix(2);
  while (!payload.empty()) {
    if (record.kind == kLogEvents) {
      if (!take_encoded(payload, record.events.emplace_back(), arena)) return false;
    } else if (record.kind != kLogRunMarks || !take_mark(payload, record.marks.emplace_back())) {
      return false;
    }
  }
  return true;
}

}  // namespace gasoline::event
