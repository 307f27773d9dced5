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

void append_cursor(std::string& to, const std::string& cursor) {
  to += ",\"next_cursor\":";
  if (cursor.empty()) {
    to += "null";
  } else {
    append_json_string(to, cursor);
  }
}

/// Puts what is known of an event beyond what it says into its object, which ends `to`.
void append_extra(std::string& to, const store::Answer::Extra& extra) {
  to.pop_back();
  if (extra.confidence > 0) {
    to += fmt::format(",\"inferred\":{{\"confidence\":{:.2f},\"reason\":", extra.confidence);
    append_json_string(to, extra.reason);
    to += '}';
  }
  if (extra.corrected_us) {
    to += ",\"corrected_timestamp\":";
    append_json_time_ms(to, *extra.corrected_us);
  }
  to += '}';
}

void append_inference(std::string& to, const store::Answer::InferenceNote& note) {
  to += fmt::format(",\"inference\":{{\"considered\":{},\"refused\":{},\"gave_up\":",
                    note.considered, note.refused);
  if (note.gave_up.empty()) {
    to += "null}";
    return;
  }
  append_json_string(to, note.gave_up);
  to += '}';
}

/// All members but the cursor, with the object's opening brace.
void append_page(std::string& to, const store::Answer& answer) {
  size_t next = 0;
  append_array(to, "{\"events\":", answer.events,
               [&](std::string& text, const event::Event& event) {
                 event::append_json(text, event);
                 if (next < answer.extras.size()) append_extra(text, answer.extras[next]);
                 ++next;
               });
  append_array(to, ",\"ids\":", answer.ids, append_json_string);
  append_array(to, ",\"sources\":", answer.sources, append_source);
  append_array(to, ",\"truncated\":", answer.truncated, append_truncation);
  append_array(to, ",\"gaps\":", answer.gaps, append_gap);
  append_array(to, ",\"candidates\":", answer.candidates, append_json_string);
}

}  // namespace

std::string timeline_json(const store::Answer& answer, std::string_view clock_skew) {
  std::string text;
  text.reserve(1024 + answer.events.size() * 512);
  append_page(text, answer);
  append_cursor(text, answer.next_cursor);
  if (answer.inference) append_inference(text, *answer.inference);
  text.append(",\"clock_skew\":").append(clock_skew).push_back('}');
  return text;
}

std::string search_json(const store::SearchAnswer& answer, bool counts_all) {
  std::string text;
  text.reserve(1024 + answer.page.events.size() * 512);
  append_page(text, answer.page);
  append_cursor(text, answer.page.next_cursor);
  text += fmt::format(",\"stopped_early\":{},\"searched_events\":{}", !answer.is_complete,
                      answer.events_searched);
  if (counts_all) text += fmt::format(",\"matched_events\":{}", answer.events_matched);
  text += ",\"searched_from\":";
  if (answer.from_us == INT64_MIN) {
    text += "null}";
    return text;
  }
  append_json_time_ms(text, answer.from_us);
  text += '}';
  return text;
}

}  // namespace gasoline::daemon
