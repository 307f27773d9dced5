#include "daemon/answer_json.h"

#include <fmt/format.h>

#include "event/event_json.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

using event::append_json_string;
using event::append_json_time_ms;

/// Appends `,"name":[...]` with what `append_one` makes of each element.
template <typename Elements, typename AppendOne>
void append_array(std::string& to, std::string_view name, const Elements& elements,
                  AppendOne append_one) {
  to += name;
  to += '[';
  bool is_first = true;
  for (const auto& element : elements) {
    if (!is_first) to += ',';
    is_first = false;
    append_one(to, element);
  }
  to += ']';
}

void append_source(std::string& to, const store::Answer::SourceName& source) {
  to += "{\"source\":";
  append_json_string(to, source.source);
  to += ",\"service\":";
  append_json_string(to, source.service);
  to += fmt::format(",\"events\":{}}}", source.events);
}

void append_truncation(std::string& to, const store::Answer::Truncation& truncation) {
  to += "{\"source\":";
  append_json_string(to, truncation.source);
  to += ",\"before\":";
  append_json_time_ms(to, truncation.before_us);
  to += '}';
}

void append_gap(std::string& to, const store::Answer::Gap& gap) {
  to += "{\"source\":";
  append_json_string(to, gap.source);
  to += ",\"run_id\":";
  append_json_string(to, gap.run_id);
  to += ",\"from\":";
  append_json_time_ms(to, gap.from_us);
  to += ",\"to\":";
  append_json_time_ms(to, gap.to_us);
  to += fmt::format(",\"lines\":{},\"bytes\":{},\"reason\":", gap.lines, gap.bytes);
  append_json_string(to, gap.reason);
  to += '}';
}

}  // namespace

std::string timeline_json(const store::Answer& answer) {
  std::string text;
  text.reserve(1024 + answer.events.size() * 512);
  append_array(text, "{\"events\":", answer.events,
               [](std::string& to, const event::Event& event) { event::append_json(to, event); });
  append_array(text, ",\"ids\":", answer.ids, append_json_string);
  append_array(text, ",\"sources\":", answer.sources, append_source);
  append_array(text, ",\"truncated\":", answer.truncated, append_truncation);
  append_array(text, ",\"gaps\":", answer.gaps, append_gap);
  append_array(text, ",\"candidates\":", answer.candidates, append_json_string);
  text += ",\"next_cursor\":";
  if (answer.next_cursor.empty()) {
    text += "null";
  } else {
    append_json_string(text, answer.next_cursor);
  }
  text += ",\"clock_skew\":null}";
  return text;
}

}  // namespace gasoline::daemon
