#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

#include "base/arena.h"
#include "event/event.h"

namespace gasoline::event {

/// What an envelope says of all its events.
struct EnvelopeDefaults {
  std::string_view service;
  std::string_view host;
  std::span<const std::string_view> tags;
};

/// Turns one parsed JSON object into an event. Strings stay in the parser's buffer; what has to be
/// written anew (metadata, joined tags) goes to `arena`. Returns an empty text, or what is wrong
/// with the element. Private to lib/event.
class EventFields {
 public:
  EventFields(Arena& arena, std::string& scratch) : arena_(arena), scratch_(scratch) {}

  std::string read(simdjson::dom::element element, const EnvelopeDefaults& defaults, Event& event);

  /// Reads a JSON array of strings, or a single string, as tags. False if it is neither.
  static bool read_tags(simdjson::dom::element value, Arena& arena,
                        std::span<const std::string_view>& tags);

 private:
  /// A field that several names stand for, and the name that counts so far.
  struct Ranked {
    std::string_view key;
    simdjson::dom::element value;
    int rank = 0;  // 0: none so far
  };

  std::string take_field(std::string_view key, simdjson::dom::element value, Event& event);
  void take_id(std::string_view key, simdjson::dom::element value, std::string_view& to);
  void take_ranked(Ranked& best, Ranked next);
  std::string finish_message(Event& event);
  std::string finish_level(Event& event);
  void add_metadata(std::string_view key, simdjson::dom::element value);
  std::string finish(const EnvelopeDefaults& defaults, Event& event);

  Arena& arena_;
  std::string& scratch_;  // the metadata under construction
  Ranked message_;
  Ranked timestamp_;
  Ranked level_;
  bool has_host_ = false;     // the metadata names a host, which the envelope's must not hide
  bool is_too_deep_ = false;  // a value is nested deeper than EventReader::kDepthMax
};

}  // namespace gasoline::event
