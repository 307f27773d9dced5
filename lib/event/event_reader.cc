#include "event/event_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <span>

#include "event/batch_splitter.h"
#include "event/event_fields.h"
#include "event/json_text.h"
#include "event/time_text.h"

namespace gasoline::event {
namespace {

using simdjson::dom::element;

static_assert(EventReader::kPaddingBytes >= simdjson::SIMDJSON_PADDING);

Error not_json(simdjson::error_code code) {
  return Error::of(Error::kInvalid, "read the body as JSON", simdjson::error_message(code));
}

Error too_many() {
  return Error::of(Error::kTooLarge, "read the events",
                   fmt::format("more than {} events in one body", EventReader::kEventsMax));
}

/// Copies the strings of an event out of a parser that is about to be used again.
void keep(Event& event, Arena& arena) {
  for (std::string_view* field :
       {&event.event_id, &event.service, &event.message, &event.correlation_id, &event.trace_id,
        &event.span_id, &event.request_id}) {
    *field = arena.copy(*field);
  }
  if (event.tags.empty()) return;
  auto* tags = reinterpret_cast<std::string_view*>(
      arena.allocate(event.tags.size() * sizeof(std::string_view)));
  for (size_t i = 0; i < event.tags.size(); ++i) {
    new (&tags[i]) std::string_view(arena.copy(event.tags[i]));
  }
  event.tags = {tags, event.tags.size()};
}

/// Of events of one document, whose strings its parser has put one behind the other.
std::string_view texts_of(std::span<const Event> events) {
  if (events.empty()) return {};
  const char* const begin = events.front().message.data();
  const std::string_view last = events.back().message;
  return {begin, static_cast<size_t>(last.data() + last.size() - begin)};
}

}  // namespace

struct EventReader::Parser {
  simdjson::dom::parser body{16 << 20};
  simdjson::dom::parser single{16 << 20};
  BatchSplitter splitter;
  SplitBatch parts;
  std::string scratch;
  std::string repaired;  // the body with ill-formed UTF-8 replaced
  std::string padded;    // one element with the parser's padding

  Status read_batch(std::string_view text, Arena& arena, ParsedBatch& batch);
  Status read_ndjson(std::string_view text, Arena& arena, ParsedBatch& batch);
  Status read_one_by_one(std::string_view text, Arena& arena, ParsedBatch& batch);
  static int64_t time_of(element value);
  Status read_envelope(element root, Arena& arena, ParsedBatch& batch, EnvelopeDefaults& defaults,
                       element& events);
  void add(element value, const EnvelopeDefaults& defaults, Arena& arena, ParsedBatch& batch,
           bool parser_is_reused);
  void add_text(std::string_view text, const EnvelopeDefaults& defaults, Arena& arena,
                ParsedBatch& batch);
};

void ParsedBatch::clear() {
  events.clear();
  indexes.clear();
  failures.clear();
  total = 0;
  texts = {};
  run_id = {};
  first_seq = 0;
  sent_at_us = 0;
}

EventReader::EventReader() : parser_(std::make_unique<Parser>()) {}

EventReader::~EventReader() = default;

Status EventReader::read(std::string_view body, BatchForm form, Arena& arena, ParsedBatch& batch) {
  batch.clear();
  if (!simdjson::validate_utf8(body.data(), body.size())) {
    parser_->repaired.clear();
    append_valid_utf8(parser_->repaired, body);
    parser_->repaired.reserve(parser_->repaired.size() + kPaddingBytes);
    body = parser_->repaired;
  }
  switch (form) {
    case BatchForm::kNdjson:
      return parser_->read_ndjson(body, arena, batch);
    case BatchForm::kBatch:
      return parser_->read_batch(body, arena, batch);
    case BatchForm::kObject:
      break;
  }
  element root;
  const auto code = parser_->body.parse(body.data(), body.size(), false).get(root);
  if (code != simdjson::SUCCESS) return not_json(code);
  parser_->add(root, {}, arena, batch, false);
  batch.texts = texts_of(batch.events);
  return {};
}

void EventReader::Parser::add(element value, const EnvelopeDefaults& defaults, Arena& arena,
                              ParsedBatch& batch, bool parser_is_reused) {
  const size_t index = batch.total++;
  Event event;
  std::string error = EventFields(arena, scratch).read(value, defaults, event);
  if (!error.empty()) {
    batch.failures.push_back({index, std::move(error)});
    return;
  }
  if (parser_is_reused) keep(event, arena);
  batch.events.push_back(event);
  batch.indexes.push_back(index);
}

void EventReader::Parser::add_text(std::string_view text, const EnvelopeDefaults& defaults,
                                   Arena& arena, ParsedBatch& batch) {
  padded.assign(text);
  padded.reserve(padded.size() + kPaddingBytes);
  element value;
  const auto code = single.parse(padded.data(), padded.size(), false).get(value);
  if (code == simdjson::SUCCESS) return add(value, defaults, arena, batch, true);
  batch.failures.push_back(
      {batch.total++, fmt::format("not JSON: {}", simdjson::error_message(code))});
}

Status EventReader::Parser::read_ndjson(std::string_view text, Arena& arena, ParsedBatch& batch) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (batch.total == kEventsMax) return too_many();
    add_text(line, {}, arena, batch);
  }
  return {};
}

/// A number or a text, as of events; 0 for what is no time, which is nobody's fault but costs only a
/// sample.
int64_t EventReader::Parser::time_of(element value) {
  double number = 0;
  std::string_view text;
  int64_t us = 0;
  if (value.get(number) == simdjson::SUCCESS) return epoch_us_by_magnitude(number, us) ? us : 0;
  return value.get(text) == simdjson::SUCCESS && parse_iso8601(text, us) ? us : 0;
}

Status EventReader::Parser::read_envelope(element root, Arena& arena, ParsedBatch& batch,
                                          EnvelopeDefaults& defaults, element& events) {
  constexpr std::string_view kDoing = "read the batch";
  const auto invalid = [&](std::string_view detail) {
    return Error::of(Error::kInvalid, kDoing, detail);
  };
  if (root.is_array()) {
    events = root;
    return {};
  }
  if (!root.is_object() || root["events"].get(events) != simdjson::SUCCESS || !events.is_array()) {
    return invalid(
        "accepted: {\"events\":[...]}, a JSON array of events, or NDJSON with "
        "Content-Type: application/x-ndjson");
  }
  element value;
  const auto take_text = [&](const char* name, std::string_view& to) {
    if (root[name].get(value) != simdjson::SUCCESS || value.is_null()) return true;
    return value.get(to) == simdjson::SUCCESS;
  };
  if (!take_text("run_id", batch.run_id) || !take_text("service", defaults.service) ||
      !take_text("host", defaults.host)) {
    return invalid("'run_id', 'service' and 'host' of a batch must be strings");
  }
  if (root["seq"].get(value) == simdjson::SUCCESS &&
      value.get(batch.first_seq) != simdjson::SUCCESS) {
    return invalid("'seq' must be the number of the first event, from 1");
  }
  if (root["sent_at"].get(value) == simdjson::SUCCESS) batch.sent_at_us = time_of(value);
  if (!batch.run_id.empty() && batch.first_seq == 0) {
    return invalid("a batch with 'run_id' needs 'seq', the number of its first event, from 1");
  }
  if (root["tags"].get(value) == simdjson::SUCCESS &&
      !EventFields::read_tags(value, arena, defaults.tags)) {
    return invalid("'tags' of a batch must be an array of strings");
  }
  return {};
}

Status EventReader::Parser::read_batch(std::string_view text, Arena& arena, ParsedBatch& batch) {
  element root;
  const auto code = body.parse(text.data(), text.size(), false).get(root);
  if (code != simdjson::SUCCESS) {
    // A number too big for any type or too deep a nesting is one event's fault, not the batch's.
    Status rescued = read_one_by_one(text, arena, batch);
    if (!rescued && rescued.error().code == Error::kInvalid) return not_json(code);
    return rescued;
  }
  EnvelopeDefaults defaults;
  element events;
  if (Status good = read_envelope(root, arena, batch, defaults, events); !good) return good;
  const auto array = events.get_array().value_unsafe();
  if (array.size() > kEventsMax) return too_many();
  for (const element value : array) add(value, defaults, arena, batch, false);
  batch.texts = texts_of(batch.events);
  return {};
}

/// Parses each element by itself. The envelope is kept, so that a rescued batch of a run keeps its
/// identity.
Status EventReader::Parser::read_one_by_one(std::string_view text, Arena& arena,
                                            ParsedBatch& batch) {
  const Error invalid = Error::of(Error::kInvalid, "read the body as JSON", "");
  if (!splitter.split(text, kEventsMax, parts)) return invalid;
  if (parts.elements.size() > kEventsMax) return too_many();
  EnvelopeDefaults defaults;
  if (!parts.envelope.empty()) {
    parts.envelope.reserve(parts.envelope.size() + kPaddingBytes);
    element root;
    const auto code = body.parse(parts.envelope.data(), parts.envelope.size(), false).get(root);
    if (code != simdjson::SUCCESS) return invalid;
    element no_events;
    if (Status good = read_envelope(root, arena, batch, defaults, no_events); !good) return good;
  }
  for (const std::string_view raw : parts.elements) add_text(raw, defaults, arena, batch);
  return {};
}

}  // namespace gasoline::event
