#include "spool/event_text.h"

#include <fmt/format.h>

#include "event/json_text.h"

namespace gasoline::spool {

void append_event_text(std::string& to, const CapturedEvent& event) {
  to += "{\"timestamp\":";
  event::append_json_time_ms(to, event.time_us);
  to += ",\"source\":\"";
  to += to_string(event.stream);
  to += '"';
  if (event.line > 0) fmt::format_to(std::back_inserter(to), ",\"line\":{}", event.line);
  to += ",\"message\":";
  event::append_json_string(to, event.message);
  if (!event.level.empty()) {
    to += ",\"level\":\"";
    to += event.level;
    to += '"';
  }
  if (!event.metadata.empty()) {
    to += ",\"metadata\":{";
    to += event.metadata;
    to += '}';
  }
  to += '}';
}

}  // namespace gasoline::spool
