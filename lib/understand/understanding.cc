#include "understand/understanding.h"

#include <optional>

#include "event/correlation_id.h"
#include "understand/ansi.h"
#include "understand/chars.h"
#include "understand/line_reader.h"
#include "understand/secret_finder.h"

namespace gasoline::understand {

namespace {

constexpr int64_t kSecondUs = 1'000'000;

bool is_live_local(event::SourceKind source) {
  return source == event::SourceKind::kStdout || source == event::SourceKind::kStderr;
}

/// A live line is read right after it was printed, so a printed time just before the reading says
/// the same less finely.
bool is_same_moment(const PrintedTime& printed, int64_t read_us) {
  return printed.us <= read_us && read_us - printed.us <= printed.unit_us + kSecondUs;
}

void set_if_empty(std::string_view& field, std::string_view value) {
  if (field.empty()) field = value;
}

}  // namespace

struct Understanding::State {
  State(const Rules& shared_rules, const Clock& shared_clock)
      : rules(shared_rules), clock(shared_clock) {
    if (rules.secret_patterns() != nullptr) secrets.emplace(*rules.secret_patterns());
  }

  std::string_view mask(std::string_view text, Arena& arena) {
    return secrets ? secrets->mask(text, arena, counters.secrets_masked) : text;
  }

  void reject_stated_id(event::Event& event);
  void take_time(const Reading& reading, event::Event& event);
  void take_level(const Reading& reading, event::Event& event);
  void take_ids(const Ids& ids, event::Event& event);

  const Rules& rules;
  const Clock& clock;
  std::optional<SecretFinder> secrets;
  LineReader lines;
  MetadataText metadata;
  Counters counters;
};

/// A stated id that is none is kept where a person can see it.
void Understanding::State::reject_stated_id(event::Event& event) {
  if (event.correlation_id.empty() || event::is_correlation_id(event.correlation_id)) return;
  metadata.add_string("correlation_id_rejected", event.correlation_id.substr(0, 1024));
  event.correlation_id = {};
  ++counters.ids_rejected;
}

void Understanding::State::take_time(const Reading& reading, event::Event& event) {
  if (!reading.has_time || event.timestamp_stated) return;
  event.timestamp_stated = true;
  if (is_live_local(event.source) && is_same_moment(reading.time, event.timestamp_us)) {
    metadata.add_time_ms("stated_time", reading.time.us);
  } else {
    event.timestamp_us = reading.time.us;
  }
}

void Understanding::State::take_level(const Reading& reading, event::Event& event) {
  if (!reading.has_level || event.level_stated) return;
  event.level = reading.level;
  event.level_stated = true;
  if (!reading.level_word.empty() &&
      !equals_ignoring_case(reading.level_word, event::to_string(reading.level))) {
    metadata.add_string("level_raw", reading.level_word);
  }
}

void Understanding::State::take_ids(const Ids& ids, event::Event& event) {
  set_if_empty(event.trace_id, ids.trace.value);
  set_if_empty(event.span_id, ids.span.value);
  set_if_empty(event.request_id, ids.request.value);
  set_if_empty(event.correlation_id, ids.correlation.value);
  set_if_empty(event.correlation_id, event.trace_id);
  set_if_empty(event.correlation_id, ids.other_request.value);
  set_if_empty(event.correlation_id, event.request_id);
  set_if_empty(event.correlation_id, ids.unnamed.value);
  if (!event.correlation_id.empty()) ++counters.lines_with_id;
}

Understanding::Understanding(const Rules& rules, const Clock& clock)
    : state_(std::make_unique<State>(rules, clock)) {}

Understanding::~Understanding() = default;

const Counters& Understanding::counters() const {
  return state_->counters;
}

std::string_view Understanding::mask(std::string_view text, Arena& arena) {
  return state_->mask(text, arena);
}

void Understanding::understand(event::Event& event, Arena& arena) {
  State& state = *state_;
  ++state.counters.lines;
  if (event.timestamp_us == 0) event.timestamp_us = state.clock.wall_us();
  state.metadata.clear();
  state.metadata.add_members(state.mask(event.metadata, arena));
  const size_t stated_size = state.metadata.size();
  state.reject_stated_id(event);

  const std::string_view text = state.mask(strip_ansi(event.message, arena), arena);
  const TimeContext context{event.timestamp_us, state.rules.options().zone_offset_minutes_local};
  Reading reading;
  const LineForm form = state.lines.read(text, context, arena, reading, state.metadata);
  if (form == LineForm::kJson) ++state.counters.json_lines;
  if (form == LineForm::kLogfmt) ++state.counters.logfmt_lines;

  event.message = reading.message;
  set_if_empty(event.service, reading.service);
  state.take_time(reading, event);
  state.take_level(reading, event);
  state.take_ids(reading.ids, event);
  if (state.metadata.size() != stated_size || !event.metadata.empty()) {
    event.metadata = state.metadata.copy_to(arena);
  }
}

}  // namespace gasoline::understand
