#include "event/event_json.h"

#include <fmt/format.h>

#include "event/json_text.h"

namespace gasoline::event {
namespace {

void append_text_or_null(std::string& to, std::string_view name, std::string_view text) {
  to += name;
  if (text.empty()) {
    to += "null";
  } else {
    append_json_string(to, text);
  }
}

}  // namespace

void append_json(std::string& to, const Event& event) {
  to += "{\"event_id\":";
  append_json_string(to, event.event_id);
  to += ",\"timestamp\":";
  append_json_time_ms(to, event.timestamp_us);
  to += ",\"receive_time\":";
  append_json_time_ms(to, event.receive_time_us);
  to += ",\"level\":\"";
  to += to_string(event.level);
  to += "\",\"source\":\"";
  to += to_string(event.source);
  to += "\",\"service\":";
  append_json_string(to, event.service);
  to += ",\"message\":";
  append_json_string(to, event.message);
  append_text_or_null(to, ",\"correlation_id\":", event.correlation_id);
  append_text_or_null(to, ",\"trace_id\":", event.trace_id);
  append_text_or_null(to, ",\"span_id\":", event.span_id);
  append_text_or_null(to, ",\"request_id\":", event.request_id);
  to += ",\"metadata\":{";
  to += event.metadata;
  to += "},\"tags\":[";
  for (size_t i = 0; i < event.tags.size(); ++i) {
    if (i > 0) to.push_back(',');
    append_json_string(to, event.tags[i]);
  }
  to.push_back(']');
  if (!event.run_id.empty()) {
    to += ",\"run_id\":";
    append_json_string(to, event.run_id);
    fmt::format_to(std::back_inserter(to), ",\"seq\":{}", event.seq);
    if (event.line > 0) fmt::format_to(std::back_inserter(to), ",\"line\":{}", event.line);
  }
  to.push_back('}');
}

}  // namespace gasoline::event
