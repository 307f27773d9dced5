#include "event/batch_splitter.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "event/event_reader.h"

namespace gasoline::event {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::array<std::string_view, 6> kEnvelopeNames{"run_id", "seq",  "service",
                                                         "host",   "tags", "sent_at"};

bool is_good(simdjson::error_code code) {
  return code == simdjson::SUCCESS;
}

/// The text of an object, an array or a scalar. Containers must be passed over as a whole for the
/// iteration around them to go on.
bool raw_text(ondemand::value& value, std::string_view& raw) {
  ondemand::json_type type;
  if (!is_good(value.type().get(type))) return false;
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    return is_good(value.get_object().get(object)) && is_good(object.raw_json().get(raw));
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    return is_good(value.get_array().get(array)) && is_good(array.raw_json().get(raw));
  }
  raw = value.raw_json_token();
  return true;
}

bool take_elements(ondemand::array& array, size_t elements_max, SplitBatch& batch) {
  batch.has_events = true;
  for (auto item : array) {
    ondemand::value value;
    std::string_view raw;
    if (!is_good(item.get(value)) || !raw_text(value, raw)) return false;
    batch.elements.push_back(raw);
    if (batch.elements.size() > elements_max) return true;
  }
  return true;
}

bool take_member(ondemand::field& member, size_t elements_max, SplitBatch& batch) {
  std::string_view key;
  if (!is_good(member.unescaped_key().get(key))) return false;
  ondemand::value value = member.value();
  if (key == "events") {
    ondemand::array array;
    return is_good(value.get_array().get(array)) && take_elements(array, elements_max, batch);
  }
  const auto* name = std::find(kEnvelopeNames.begin(), kEnvelopeNames.end(), key);
  if (name == kEnvelopeNames.end()) return true;
  std::string_view raw;
  if (!raw_text(value, raw)) return false;
  batch.envelope += ",\"";
  batch.envelope += *name;
  batch.envelope += "\":";
  batch.envelope += raw;
  return true;
}

bool take_envelope(ondemand::object& object, size_t elements_max, SplitBatch& batch) {
  batch.envelope = "{\"events\":[]";
  for (auto item : object) {
    ondemand::field member;
    if (!is_good(std::move(item).get(member)) || !take_member(member, elements_max, batch)) {
      return false;
    }
    if (batch.elements.size() > elements_max) break;
  }
  batch.envelope += '}';
  return batch.has_events;
}

}  // namespace

struct BatchSplitter::Parser {
  ondemand::parser parser;
};

BatchSplitter::BatchSplitter() : parser_(std::make_unique<Parser>()) {}

BatchSplitter::~BatchSplitter() = default;

bool BatchSplitter::split(std::string_view body, size_t elements_max, SplitBatch& batch) {
  batch.envelope.clear();
  batch.elements.clear();
  batch.has_events = false;
  const simdjson::padded_string_view padded(body.data(), body.size(),
                                            body.size() + EventReader::kPaddingBytes);
  ondemand::document document;
  ondemand::json_type type;
  if (!is_good(parser_->parser.iterate(padded).get(document)) ||
      !is_good(document.type().get(type))) {
    return false;
  }
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (!is_good(document.get_array().get(array)) || !take_elements(array, elements_max, batch)) {
      return false;
    }
  } else {
    ondemand::object object;
    if (!is_good(document.get_object().get(object)) ||
        !take_envelope(object, elements_max, batch)) {
      return false;
    }
  }
  // What stands behind the batch makes it no JSON; where reading stopped early nobody knows.
  return batch.elements.size() > elements_max ||
         document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

}  // namespace gasoline::event
