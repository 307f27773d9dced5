// Bodies of events in every form: no input may crash the reader, what it takes is written as JSON
// that it takes again as the same event, and a bad neighbour changes no good event.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/assert.h"
#include "event/event_codec.h"
#include "event/event_json.h"
#include "event/event_reader.h"
#include "event/json_scan.h"
#include "event/json_text.h"

namespace {

using namespace gasoline;
using namespace gasoline::event;

struct Reading {
  Reading(std::string_view body, BatchForm form) : bytes(body.begin(), body.end()) {
    // A heap block of exactly body and padding, so that a sanitizer sees a read past it.
    bytes.resize(body.size() + EventReader::kPaddingBytes);
    is_read = reader.read({bytes.data(), body.size()}, form, arena, batch).has_value();
  }
  std::vector<char> bytes;
  EventReader reader;
  Arena arena;
  ParsedBatch batch;
  bool is_read = false;
};

std::string json_of(const Event& event) {
  std::string text;
  append_json(text, event);
  return text;
}

void check_codec(const Event& event) {
  std::string binary;
  append_encoded(binary, event);
  std::string_view from = binary;
  Event again;
  Arena arena;
  GASOLINE_ASSERT(take_encoded(from, again, arena));
  GASOLINE_ASSERT(from.empty());
  GASOLINE_ASSERT(json_of(again) == json_of(event));
}

void check_event(const Event& event) {
  const std::string written = json_of(event);
  GASOLINE_ASSERT(is_valid_utf8(written));
  GASOLINE_ASSERT(event.event_id.size() <= kEventIdSizeMax);
  GASOLINE_ASSERT(event.tags.size() <= kTagsMax);
  check_codec(event);
  const Reading again(written, BatchForm::kObject);
  GASOLINE_ASSERT(again.is_read);
  // Its metadata has one level more when written, and so may be one too many.
  if (again.batch.events.empty()) return;
  const Event& read = again.batch.events.front();
  GASOLINE_ASSERT(read.message == event.message);
  GASOLINE_ASSERT(read.correlation_id == event.correlation_id);
  GASOLINE_ASSERT(read.level == event.level);
  GASOLINE_ASSERT(read.tags.size() == event.tags.size());
}

void check_batch(const Reading& reading) {
  if (!reading.is_read) return;
  const ParsedBatch& batch = reading.batch;
  GASOLINE_ASSERT(batch.events.size() + batch.failures.size() == batch.total);
  GASOLINE_ASSERT(batch.events.size() == batch.indexes.size());
  GASOLINE_ASSERT(batch.total <= EventReader::kEventsMax);
  for (const Event& event : batch.events) check_event(event);
}

/// The same array with an element that no parser takes: the others must come out as before.
void check_rescue(std::string_view text, const Reading& good) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  if (!good.is_read || end == std::string_view::npos || text[end] != ']') return;
  std::string spoilt(text.substr(0, end));
  if (good.batch.total == EventReader::kEventsMax) return;
  spoilt += good.batch.total == 0 ? "1e999]" : ",1e999]";
  const Reading rescued(spoilt, BatchForm::kBatch);
  GASOLINE_ASSERT(rescued.is_read);
  GASOLINE_ASSERT(rescued.batch.total == good.batch.total + 1);
  GASOLINE_ASSERT(rescued.batch.indexes == good.batch.indexes);
  for (size_t i = 0; i < good.batch.events.size(); ++i) {
    GASOLINE_ASSERT(json_of(rescued.batch.events[i]) == json_of(good.batch.events[i]));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_batch(Reading(text, BatchForm::kObject));
  check_batch(Reading(text, BatchForm::kNdjson));
  const Reading batch(text, BatchForm::kBatch);
  check_batch(batch);
  check_rescue(text, batch);
  static_cast<void>(find_member(text, "events"));
  return 0;
}
