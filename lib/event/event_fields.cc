#include "event/event_fields.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <new>
#include <utility>

#include "event/correlation_id.h"
#include "event/event_reader.h"
#include "event/json_text.h"
#include "event/time_text.h"

namespace gasoline::event {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

enum class Field {
  kMessage,
  kTimestamp,
  kLevel,
  kEventId,
  kSource,
  kService,
  kCorrelationId,
  kTraceId,
  kSpanId,
  kRequestId,
  kTags,
  kMetadata,
  kLine
};

struct Name {
  std::string_view name;
  Field field;
  int rank;  // where two names of one field meet in an object, the higher rank wins
};

constexpr Name kNames[] = {{"message", Field::kMessage, 4},
                           {"msg", Field::kMessage, 3},
                           {"text", Field::kMessage, 2},
                           {"log", Field::kMessage, 1},
                           {"timestamp", Field::kTimestamp, 4},
                           {"ts", Field::kTimestamp, 3},
                           {"@timestamp", Field::kTimestamp, 2},
                           {"time", Field::kTimestamp, 1},
                           {"level", Field::kLevel, 3},
                           {"severity", Field::kLevel, 2},
                           {"lvl", Field::kLevel, 1},
                           {"event_id", Field::kEventId, 1},
                           {"source", Field::kSource, 1},
                           {"service", Field::kService, 1},
                           {"correlation_id", Field::kCorrelationId, 1},
                           {"trace_id", Field::kTraceId, 1},
                           {"span_id", Field::kSpanId, 1},
                           {"request_id", Field::kRequestId, 1},
                           {"tags", Field::kTags, 1},
                           {"metadata", Field::kMetadata, 1},
                           {"line", Field::kLine, 1}};

const Name* find_name(std::string_view key) {
  for (const Name& name : kNames) {
    if (name.name == key) return &name;
  }
  return nullptr;
}

std::string_view type_of(element value) {
  switch (value.type()) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "true or false";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string wrong_type(std::string_view key, element value, std::string_view accepted) {
  return fmt::format("'{}' is {}; accepted: {}", key, type_of(value), accepted);
}

bool append_json_value(std::string& to, element value, size_t levels_left);

bool append_json_array(std::string& to, const simdjson::dom::array& items, size_t levels_left) {
  to.push_back('[');
  bool is_first = true;
  for (const element item : items) {
    if (!is_first) to.push_back(',');
    is_first = false;
    if (!append_json_value(to, item, levels_left)) return false;
  }
  to.push_back(']');
  return true;
}

bool append_json_object(std::string& to, const simdjson::dom::object& members, size_t levels_left) {
  to.push_back('{');
  bool is_first = true;
  for (const auto& member : members) {
    if (!is_first) to.push_back(',');
    is_first = false;
    append_json_string(to, member.key);
    to.push_back(':');
    if (!append_json_value(to, member.value, levels_left)) return false;
  }
  to.push_back('}');
  return true;
}

/// False, with half a value written, if `value` has more levels of arrays and objects than that.
bool append_json_value(std::string& to, element value, size_t levels_left) {
  const auto out = std::back_inserter(to);
  switch (value.type()) {
    case element_type::STRING:
      append_json_string(to, value.get_string().value_unsafe());
      break;
    case element_type::INT64:
      fmt::format_to(out, "{}", value.get_int64().value_unsafe());
      break;
    case element_type::UINT64:
      fmt::format_to(out, "{}", value.get_uint64().value_unsafe());
      break;
    case element_type::DOUBLE:
      fmt::format_to(out, "{}", value.get_double().value_unsafe());
      break;
    case element_type::BOOL:
      to += value.get_bool().value_unsafe() ? "true" : "false";
      break;
    case element_type::NULL_VALUE:
      to += "null";
      break;
    case element_type::ARRAY:
      if (levels_left == 0) return false;
      return append_json_array(to, value.get_array().value_unsafe(), levels_left - 1);
    case element_type::OBJECT:
      if (levels_left == 0) return false;
      return append_json_object(to, value.get_object().value_unsafe(), levels_left - 1);
  }
  return true;
}

std::string take_text(std::string_view key, element value, size_t size_max, std::string_view& to) {
  if (!value.is_string()) return wrong_type(key, value, "a string");
  to = value.get_string().value_unsafe();
  if (to.size() <= size_max) return {};
  return fmt::format("'{}' has {} bytes; accepted: at most {}", key, to.size(), size_max);
}

std::string read_time(std::string_view key, element value, int64_t& us) {
  constexpr std::string_view kAccepted =
      "a number of seconds, ms, us or ns since 1970, or text as in RFC 3339";
  if (value.is_number()) {
    if (epoch_us_by_magnitude(value.get_double().value_unsafe(), us)) return {};
    return fmt::format("'{}' is out of range; accepted: {}", key, kAccepted);
  }
  if (!value.is_string()) return wrong_type(key, value, kAccepted);
  const std::string_view text = value.get_string().value_unsafe();
  if (parse_iso8601(text, us)) return {};
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc() && end == text.data() + text.size() &&
      epoch_us_by_magnitude(number, us)) {
    return {};
  }
  return fmt::format("'{}' is not a time; accepted: {}", key, kAccepted);
}

}  // namespace

std::string EventFields::read(element value, const EnvelopeDefaults& defaults, Event& event) {
  scratch_.clear();
  message_ = timestamp_ = level_ = {};
  has_host_ = is_too_deep_ = false;
  event = Event{};
  if (!value.is_object()) {
    return fmt::format("the event is {}; accepted: a JSON object with 'message'", type_of(value));
  }
  const simdjson::dom::object members = value.get_object().value_unsafe();
  for (const auto& member : members) {
    if (member.value.is_null()) continue;
    std::string error = take_field(member.key, member.value, event);
    if (!error.empty()) return error;
  }
  return finish(defaults, event);
}

std::string EventFields::take_field(std::string_view key, element value, Event& event) {
  const Name* name = find_name(key);
  if (name == nullptr) {
    add_metadata(key, value);
    return {};
  }
  switch (name->field) {
    case Field::kMessage:
      take_ranked(message_, {key, value, name->rank});
      return {};
    case Field::kTimestamp:
      take_ranked(timestamp_, {key, value, name->rank});
      return {};
    case Field::kLevel:
      take_ranked(level_, {key, value, name->rank});
      return {};
    case Field::kEventId:
      return take_text(key, value, kEventIdSizeMax, event.event_id);
    case Field::kSource:
      if (!value.is_string() ||
          !parse_source_kind(value.get_string().value_unsafe(), event.source)) {
        add_metadata(key, value);
      }
      return {};
    case Field::kService:
      return take_text(key, value, kServiceSizeMax, event.service);
    case Field::kCorrelationId:
      take_id(key, value, event.correlation_id);
      return {};
    case Field::kTraceId:
      take_id(key, value, event.trace_id);
      return {};
    case Field::kSpanId:
      take_id(key, value, event.span_id);
      return {};
    case Field::kRequestId:
      take_id(key, value, event.request_id);
      return {};
    case Field::kTags:
      if (!read_tags(value, arena_, event.tags)) {
        return wrong_type(key, value, fmt::format("an array of at most {} strings", kTagsMax));
      }
      return {};
    case Field::kMetadata: {
      if (!value.is_object()) return wrong_type(key, value, "an object");
      const simdjson::dom::object members = value.get_object().value_unsafe();
      for (const auto& member : members) add_metadata(member.key, member.value);
      return {};
    }
    case Field::kLine:
      if (value.is_uint64()) {
        event.line = value.get_uint64().value_unsafe();
      } else {
        add_metadata(key, value);
      }
      return {};
  }
  return {};
}

/// Of two names of one field the lower in rank is kept as metadata, whichever came first.
void EventFields::take_ranked(Ranked& best, Ranked next) {
  if (next.rank >= best.rank) std::swap(best, next);
  if (next.rank > 0) add_metadata(next.key, next.value);
}

void EventFields::add_metadata(std::string_view key, element value) {
  if (!scratch_.empty()) scratch_.push_back(',');
  append_json_string(scratch_, key);
  scratch_.push_back(':');
  if (!append_json_value(scratch_, value, EventReader::kDepthMax - 1)) is_too_deep_ = true;
  if (key == "host") has_host_ = true;
}

bool EventFields::read_tags(element value, Arena& arena, std::span<const std::string_view>& tags) {
  size_t count = 1;
  if (value.is_array()) {
    const simdjson::dom::array items = value.get_array().value_unsafe();
    count = items.size();
  } else if (!value.is_string()) {
    return false;
  }
  if (count > kTagsMax) return false;
  if (count == 0) {
    tags = {};
    return true;
  }
  auto* list =
      reinterpret_cast<std::string_view*>(arena.allocate(count * sizeof(std::string_view)));
  if (value.is_string()) {
    new (list) std::string_view(value.get_string().value_unsafe());
  } else {
    size_t i = 0;
    const simdjson::dom::array items = value.get_array().value_unsafe();
    for (const element tag : items) {
      if (!tag.is_string()) return false;
      new (&list[i++]) std::string_view(tag.get_string().value_unsafe());
    }
  }
  tags = {list, count};
  return true;
}

/// An id may come as a number; what is no id at all stays visible in the metadata.
void EventFields::take_id(std::string_view key, element value, std::string_view& to) {
  if (value.is_string() && is_correlation_id(value.get_string().value_unsafe())) {
    to = value.get_string().value_unsafe();
  } else if (value.is_uint64()) {
    const fmt::format_int digits(value.get_uint64().value_unsafe());
    to = arena_.copy({digits.data(), digits.size()});
  } else {
    add_metadata(key, value);
  }
}

std::string EventFields::finish_message(Event& event) {
  if (message_.rank == 0) {
    return "'message' is missing; accepted: a string under 'message', 'msg', 'text' or 'log'";
  }
  if (!message_.value.is_string()) return wrong_type(message_.key, message_.value, "a string");
  event.message = message_.value.get_string().value_unsafe();
  return {};
}

std::string EventFields::finish_level(Event& event) {
  if (level_.rank == 0) return {};
  std::string_view word;
  std::array<char, 20> digits;  // of any uint64_t
  if (level_.value.is_uint64()) {
    const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(),
                                           level_.value.get_uint64().value_unsafe());
    word = {digits.data(), static_cast<size_t>(end - digits.data())};
  } else if (level_.value.is_string()) {
    word = level_.value.get_string().value_unsafe();
  } else {
    return wrong_type(level_.key, level_.value, "debug, info, warn, error or critical");
  }
  event.level_stated = parse_level(word, event.level);
  if (!event.level_stated || to_string(event.level) != word)
    add_metadata("level_raw", level_.value);
  return {};
}

std::string EventFields::finish(const EnvelopeDefaults& defaults, Event& event) {
  if (std::string error = finish_message(event); !error.empty()) return error;
  if (timestamp_.rank > 0) {
    std::string error = read_time(timestamp_.key, timestamp_.value, event.timestamp_us);
    if (!error.empty()) return error;
    event.timestamp_stated = true;
  }
  if (std::string error = finish_level(event); !error.empty()) return error;
  if (is_too_deep_) {
    return fmt::format("the event is nested too deep; accepted: at most {} levels",
                       EventReader::kDepthMax);
  }
  if (event.tags.empty()) event.tags = defaults.tags;
  if (event.service.empty()) {
    constexpr std::string_view kPrefix = "service:";
    for (const std::string_view tag : event.tags) {
      if (tag.starts_with(kPrefix)) event.service = tag.substr(kPrefix.size());
    }
    event.service = event.service.substr(0, kServiceSizeMax);
  }
  if (event.service.empty()) event.service = defaults.service;
  if (!defaults.host.empty() && !has_host_) {
    if (!scratch_.empty()) scratch_.push_back(',');
    scratch_ += "\"host\":";
    append_json_string(scratch_, defaults.host);
  }
  event.metadata = arena_.copy(scratch_);
  return {};
}

}  // namespace gasoline::event
