#include "answer_reader.h"

#include <simdjson.h>

#include <array>
#include <cmath>

namespace gasoline::cli {
namespace {

using simdjson::dom::element;

Error not_an_answer(std::string_view why) {
  return Error::of(Error::kInvalid, "read the daemon's answer", why);
}

std::string text_of(const element& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

uint64_t number_of(const element& object, const char* name) {
  uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

int64_t time_of(const element& object, const char* name) {
  double ms = 0;
  if (object[name].get(ms) != simdjson::SUCCESS) return 0;
  return std::llround(ms * 1000);
}

/// Calls `take` for each element of the array member `name`, if there is one.
template <typename Take>
void for_each(const element& object, const char* name, Take take) {
  simdjson::dom::array array;
  if (object[name].get(array) != simdjson::SUCCESS) return;
  for (const element each : array) take(each);
}

std::vector<std::string> strings_of(const element& object, const char* name) {
  std::vector<std::string> strings;
  for_each(object, name, [&](const element& each) {
    std::string_view text;
    if (each.get(text) == simdjson::SUCCESS) strings.emplace_back(text);
  });
  return strings;
}

TimelineAnswer::Event event_of(const element& json) {
  TimelineAnswer::Event event;
  event.timestamp_us = time_of(json, "timestamp");
  if (json["corrected_timestamp"].is_number()) {
    event.timestamp_us = time_of(json, "corrected_timestamp");
  }
  if (json["inferred"]["confidence"].get(event.confidence) != simdjson::SUCCESS) {
    event.confidence = 0;
  }
  event.level = text_of(json, "level");
  event.source = text_of(json, "source");
  event.service = text_of(json, "service");
  event.message = text_of(json, "message");
  bool partial = false;
  event.is_partial = json["metadata"]["partial"].get(partial) == simdjson::SUCCESS && partial;
  return event;
}

double real_of(const element& object, const char* name) {
  double number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

TimelineAnswer::Skew skew_of(const element& json) {
  TimelineAnswer::Skew skew;
  skew.clock = text_of(json, "clock");
  skew.reference = text_of(json, "reference");
  skew.status = text_of(json, "status");
  skew.median_ms = real_of(json, "median_ms");
  std::array<double, 2> interval{};
  size_t at = 0;
  for_each(json, "median_ci95_ms", [&](const element& each) {
    if (at < interval.size() && each.get(interval[at]) == simdjson::SUCCESS) ++at;
  });
  skew.ci_low_ms = interval[0];
  skew.ci_high_ms = interval[1];
  return skew;
}

void read_remarks(const element& json, TimelineAnswer& answer) {
  element member;
  if (json["clock_skew"].get(member) == simdjson::SUCCESS && member.is_object()) {
    for_each(member, "pairs", [&](const element& each) { answer.skews.push_back(skew_of(each)); });
  }
  if (json["inference"].get(member) == simdjson::SUCCESS && member.is_object()) {
    answer.inferences_refused = number_of(member, "refused");
    answer.inference_gave_up = text_of(member, "gave_up");
  }
  for_each(json, "events", [&](const element& each) {
    answer.is_corrected = answer.is_corrected || each["corrected_timestamp"].is_number();
  });
}

TimelineAnswer answer_of(const element& json) {
  TimelineAnswer answer;
  read_remarks(json, answer);
  for_each(json, "events", [&](const element& each) { answer.events.push_back(event_of(each)); });
  for_each(json, "sources", [&](const element& each) {
    answer.sources.push_back(
        {text_of(each, "source"), text_of(each, "service"), number_of(each, "events")});
  });
  for_each(json, "truncated", [&](const element& each) {
    answer.truncated.push_back({text_of(each, "source"), time_of(each, "before")});
  });
  for_each(json, "gaps", [&](const element& each) {
    answer.gaps.push_back({text_of(each, "source"), time_of(each, "from"), time_of(each, "to"),
                           number_of(each, "lines"), number_of(each, "bytes"),
                           text_of(each, "reason")});
  });
  answer.ids = strings_of(json, "ids");
  answer.candidates = strings_of(json, "candidates");
  answer.next_cursor = text_of(json, "next_cursor");
  bool stopped = false;
  answer.has_stopped_early = json["stopped_early"].get(stopped) == simdjson::SUCCESS && stopped;
  answer.matched = number_of(json, "matched_events");
  return answer;
}

}  // namespace

Result<TimelineAnswer> read_timeline_answer(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    element document;
    const simdjson::error_code error = parser.parse(json.data(), json.size(), true).get(document);
    if (error != simdjson::SUCCESS) return not_an_answer(simdjson::error_message(error));
    if (!document.is_object()) return not_an_answer("it is no JSON object");
    return answer_of(document);
  } catch (const std::exception& error) {
    return not_an_answer(error.what());
  }
}

Result<TimelineAnswer::Event> read_event(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    element document;
    const simdjson::error_code error = parser.parse(json.data(), json.size(), true).get(document);
    if (error != simdjson::SUCCESS) return not_an_answer(simdjson::error_message(error));
    if (!document.is_object()) return not_an_answer("it is no JSON object");
    return event_of(document);
  } catch (const std::exception& error) {
    return not_an_answer(error.what());
  }
}

Result<std::vector<std::string>> raw_events(std::string_view json) {
  try {
    std::vector<std::string> events;
    const simdjson::padded_string padded(json);
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document = parser.iterate(padded);
    for (simdjson::ondemand::object event : document["events"].get_array()) {
      const std::string_view raw = event.raw_json();
      events.emplace_back(raw);
    }
    return events;
  } catch (const std::exception& error) {
    return not_an_answer(error.what());
  }
}

uint64_t read_count(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    element document;
    if (parser.parse(json.data(), json.size(), true).get(document) != simdjson::SUCCESS) return 0;
    return number_of(document, "count");
  } catch (const std::exception&) {
    return 0;
  }
}

std::string read_problem(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    element document;
    if (parser.parse(json.data(), json.size(), true).get(document) != simdjson::SUCCESS) return {};
    const std::string detail = text_of(document, "detail");
    return detail.empty() ? text_of(document, "title") : detail;
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace gasoline::cli
