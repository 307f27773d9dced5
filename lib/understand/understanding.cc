#include "understand/understanding.h"

#include <algorithm>
#include <functional>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "event/correlation_id.h"
#include "understand/ansi.h"
#include "understand/bare_ids.h"
#include "understand/blocks.h"
#include "understand/chars.h"
#include "understand/line_joiner.h"
#include "understand/line_mask.h"
#include "understand/line_reader.h"
#include "understand/record_pieces.h"
#include "understand/own_forms.h"
#include "understand/own_redaction.h"
#include "understand/source_table.h"

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

bool prints_lines(event::SourceKind source) {
  return is_live_local(source) || source == event::SourceKind::kFile ||
         source == event::SourceKind::kSsh || source == event::SourceKind::kContainer;
}

/// Which file it is a line of, as the source that follows it says at the beginning of the metadata:
/// the members "path", or "host" and "file", as they stand there. Empty if that is not there.
std::string_view followed_file(const event::Event& event) {
  const std::string_view metadata = event.metadata;
  const bool is_local = event.source == event::SourceKind::kFile;
  const bool is_remote = event.source == event::SourceKind::kSsh;
  if (!(is_local && metadata.starts_with("\"path\":\"")) &&
      !(is_remote && metadata.starts_with("\"host\":\""))) {
    return {};
  }
  size_t quotes_left = is_local ? 4 : 8;  // around names and values
  for (size_t at = 0; at < metadata.size(); ++at) {
    if (metadata[at] == '\\') {
      ++at;
    } else if (metadata[at] == '"' && --quotes_left == 0) {
      return metadata.substr(0, at + 1);
    }
  }
  return {};
}

/// Tells sources apart: a followed file by its path, since it is the same through all rotations,
/// others by run and stream; without a run by all that the producer says.
uint64_t source_key(const event::Event& event, std::string_view stated_service) {
  const std::hash<std::string_view> hash;
  uint64_t key = static_cast<uint64_t>(event.source) + 1;
  const auto add = [&](std::string_view text) { key = key * 0x9e3779b97f4a7c15 + hash(text); };
  const std::string_view file = event.run_id.empty() ? std::string_view() : followed_file(event);
  add(file.empty() ? event.run_id : file);
  if (!event.run_id.empty()) return key;
  add(stated_service);
  for (const std::string_view tag : event.tags) add(tag);
  return key;
}

uint64_t key_of_process(uint64_t source, std::string_view process) {
  return process.empty() ? source : source ^ (std::hash<std::string_view>()(process) | 1);
}

/// The value of a string member that this library wrote, as it stands in `metadata`.
std::string_view written_member(std::string_view metadata, std::string_view quoted_key) {
  const size_t at = metadata.find(quoted_key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = metadata.substr(at + quoted_key.size());
  if (!rest.starts_with(":\"")) return {};
  const size_t end = rest.find('"', 2);
  return end == std::string_view::npos ? std::string_view() : rest.substr(2, end - 2);
}

/// An unfinished line comes again, whole.
bool is_unfinished(const event::Event& event) {
  return event.metadata.find("\"partial\":true") != std::string_view::npos;
}

LocalZone zone_of(const Options& options) {
  if (options.zone) return LocalZone(*options.zone);
  return options.zone_offset_minutes ? LocalZone(*options.zone_offset_minutes)
                                     : LocalZone::of_machine();
}

/// Pieces of long lines. Whether the last of them ends its line is not told.
LineCut cut_of(const event::Event& event) {
  if (event.metadata.empty()) return {};
  const auto says = [&event](std::string_view member) {
    return event.metadata.find(member) != std::string_view::npos;
  };
  const bool continued = says("\"continued\":true");
  return {continued, continued || says("\"unterminated\":true") || is_unfinished(event)};
}

void set_if_empty(std::string_view& field, std::string_view value) {
  if (field.empty()) field = value;
}

/// Brings back what a masked event tells of a private key that its source was printing.
void resume_secret(SecretState& state, const event::Event& event) {
  if (event.metadata.find("\"in_private_key\":true") != std::string_view::npos) {
    const bool is_part = event.message.find("[redacted:private-key") != std::string_view::npos;
    state.strangers = state.in_private_key && !is_part ? state.strangers + 1 : 0;
    state.in_private_key = true;
  } else {
    state.in_private_key = false;
  }
}

/// A later line of an event that shows an id of its own shows the event's id beside it: so the two
/// are linked, as they would be in one line.
void link_ids(event::Event& part, std::string_view id_of_head) {
  if (part.correlation_id.empty() || id_of_head.empty()) return;
  if (part.correlation_id != part.trace_id) set_if_empty(part.request_id, part.correlation_id);
  part.correlation_id = id_of_head;
}

}  // namespace

struct Understanding::State {
  State(const Rules& rules, const Clock& shared_clock)
      : clock(shared_clock), usual_zone(zone_of(rules.options())) {
    use(rules);
  }

  void use(const Rules& rules) {
    const pattern::PatternSet* const patterns = rules.secret_patterns();
    secrets.reset();
    own_redaction.reset();
    own_forms.reset();
    if (patterns != nullptr) secrets.emplace(*patterns, rules.mask_key());
    if (rules.own_redactions() != nullptr) {
      own_redaction.emplace(*rules.own_redactions(), rules.mask_key());
    }
    if (rules.own_forms() != nullptr) own_forms.emplace(*rules.own_forms());
    lines = LineReader(own_forms ? &*own_forms : nullptr);
    usual_zone = zone_of(rules.options());
    zone = &usual_zone;
    tags_seen.clear();
    tags_masked.clear();
  }

  std::string_view mask_own(std::string_view text, OwnRedaction::Form form, Arena& arena) {
    return own_redaction ? own_redaction->mask(text, form, arena, counters.secrets_masked) : text;
  }
  std::string_view mask(std::string_view text, OwnRedaction::Form form, Arena& arena) {
    text = mask_own(text, form, arena);
    return secrets ? secrets->mask(text, arena, counters.secrets_masked) : text;
  }

  std::string_view mask_message(const event::Event& event, Arena& arena);
  std::string_view with_earlier_pieces(std::string_view text, Arena& arena);
  void mask_tags(event::Event& event, Arena& arena);
  uint64_t key_of_source(const event::Event& event);
  void note_source(const event::Event& event);
  void note_reading(LineForm form, std::string_view text, const Reading& reading);
  void reject_stated_id(event::Event& event);
  void take_time(const Reading& reading, event::Event& event);
  void take_level(const Reading& reading, event::Event& event);
  void take_ids(const Ids& ids, event::Event& event);
  void find_bare_id(std::string_view text, const event::Event& event);

  const Clock& clock;
  std::optional<LineMask> secrets;
  std::optional<OwnRedaction> own_redaction;
  std::vector<uint32_t> own_found;  // rules that masked something in the last message
  std::optional<OwnForms> own_forms;
  SourceTable<SecretState> secret_states{LineJoiner::kSourcesMax};
  std::string tags_seen;  // of the last event, and what they look like masked
  std::vector<std::string> tags_masked;
  bool tags_hold_secret = false;
  std::string last_run;  // and its stream: whose key is last_source
  event::SourceKind last_stream = event::SourceKind::kStdout;
  uint64_t last_source = 0;
  LocalZone usual_zone;
  std::map<std::string, LocalZone, std::less<>> zones;  // those that sources name
  LocalZone* zone = &usual_zone;
  LineReader lines;
  MetadataText metadata;
  Reading last_reading;
  LineForm last_form = LineForm::kText;
  std::string_view last_text;
  RecordPieces pieces;
  RecordPieces::Piece piece;  // of the last line, if it was one
  BareIds bare_ids;
  LineJoiner joiner;
  LineJoiner::Line line;  // what join() must know of the last one
  bool is_joinable = false;
  Counters counters;
};

/// The raw message without escapes and secrets. Notes in metadata what a restart must know.
std::string_view Understanding::State::mask_message(const event::Event& event, Arena& arena) {
  std::string_view text = strip_ansi(event.message, arena);
  if (prints_lines(event.source)) text = with_earlier_pieces(text, arena);
  own_found.clear();
  if (own_redaction) {
    const bool is_json = text.starts_with('{') || text.starts_with('[');
    text = mask_own(text, is_json ? OwnRedaction::Form::kJson : OwnRedaction::Form::kText, arena);
    for (const OwnRedaction::Found& found : own_redaction->found()) own_found.push_back(found.rule);
  }
  if (!secrets) return text;
  if (!prints_lines(event.source)) return secrets->mask(text, arena, counters.secrets_masked);
  SecretState& known = secret_states.of(line.source);
  LineCut cut = cut_of(event);
  cut.at_end |= piece.goes_on;
  if (is_unfinished(event) || piece.goes_on) {
    SecretState unfinished = known;  // the whole line is still to come
    return secrets->mask_line(text, cut, unfinished, arena, counters.secrets_masked);
  }
  const std::string_view masked =
      secrets->mask_line(text, cut, known, arena, counters.secrets_masked);
  if (known.in_private_key) metadata.add_raw("in_private_key", "true");
  return masked;
}

/// The whole of a line of which a container runtime wrote earlier records.
std::string_view Understanding::State::with_earlier_pieces(std::string_view text, Arena& arena) {
  if (!pieces.take(line.source, text, arena, piece)) return text;
  if (piece.goes_on) {
    metadata.add_raw("partial", "true");
    is_joinable = false;
  }
  if (piece.is_cut) metadata.add_raw("unterminated", "true");
  if (!piece.replaces.empty()) metadata.add_string("replaces", piece.replaces);
  return piece.text;
}

/// Tags are the same on most events of a source: they are looked at when they change.
void Understanding::State::mask_tags(event::Event& event, Arena& arena) {
  if ((!secrets && !own_redaction) || event.tags.empty()) return;
  size_t at = 0;
  const auto was_seen = [&](std::string_view tag) {
    const bool same = tags_seen.compare(at, tag.size(), tag) == 0 &&
                      at + tag.size() < tags_seen.size() && tags_seen[at + tag.size()] == '\n';
    at += tag.size() + 1;
    return same;
  };
  if (!std::all_of(event.tags.begin(), event.tags.end(), was_seen) || at != tags_seen.size()) {
    tags_seen.clear();
    tags_masked.clear();
    const uint64_t before = counters.secrets_masked;
    for (const std::string_view tag : event.tags) {
      tags_seen.append(tag).push_back('\n');
      tags_masked.emplace_back(mask(tag, OwnRedaction::Form::kText, arena));
    }
    tags_hold_secret = counters.secrets_masked != before;
  }
  if (!tags_hold_secret) return;
  auto* const tags = reinterpret_cast<std::string_view*>(
      arena.allocate(event.tags.size() * sizeof(std::string_view)));
  for (size_t i = 0; i < tags_masked.size(); ++i) {
    new (&tags[i]) std::string_view(arena.copy(tags_masked[i]));
  }
  event.tags = {tags, tags_masked.size()};
}

/// Most lines come from the run and the stream of the one before.
uint64_t Understanding::State::key_of_source(const event::Event& event) {
  if (event.run_id.empty()) return source_key(event, event.service);
  if (event.source != last_stream || event.run_id != last_run) {
    last_run.assign(event.run_id);
    last_stream = event.source;
    last_source = source_key(event, {});
  }
  return last_source;
}

void Understanding::State::note_source(const event::Event& event) {
  piece = {};
  is_joinable = prints_lines(event.source) && !is_unfinished(event);
  if (!prints_lines(event.source)) return;
  line.source = key_of_source(event);
  line.read_us = event.timestamp_us;
}

void Understanding::State::note_reading(LineForm form, std::string_view text,
                                        const Reading& reading) {
  line.source = key_of_process(line.source, reading.process);
  // Pairs of which one is not closed go on in the lines that follow.
  const bool is_open = form == LineForm::kLogfmt && count_in_blocks(text, '"') % 2 != 0;
  line.has_header = reading.has_header || is_open;
  line.is_structured = form != LineForm::kText && !line.has_header;
}

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

/// What a line shows without doubt tells ids that others show bare.
void Understanding::State::find_bare_id(std::string_view text, const event::Event& event) {
  Ids& ids = last_reading.ids;
  const bool states_id =
      !event.correlation_id.empty() || !event.trace_id.empty() || !event.request_id.empty();
  if (ids.empty() && !states_id) {
    if (!prints_lines(event.source)) return;
    ids.unnamed.offer(bare_ids.find(line.source, text), IdRank::kLearnt);
    return;
  }
  if (states_id) {
    for (const std::string_view id : {event.correlation_id, event.trace_id, event.request_id}) {
      bare_ids.note_id(id);
    }
  }
  for (const Ids::Slot* slot : {&ids.correlation, &ids.trace, &ids.request, &ids.unnamed}) {
    bare_ids.note_id(slot->value);
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

LastLine Understanding::last_line() const {
  LastLine last{state_->last_form, &state_->last_reading, state_->last_text, {}, {}};
  last.own_rules = state_->own_found;
  if (!state_->secrets) return last;
  for (const SecretFinder::Found& found : state_->secrets->found()) {
    last.secret_kinds.push_back(found.kind);
  }
  return last;
}

std::string_view Understanding::mask(std::string_view text, Arena& arena) {
  return state_->mask(text, OwnRedaction::Form::kText, arena);
}

void Understanding::use(const Rules& rules) {
  state_->use(rules);
}

Understanding::Expectation Understanding::expect(std::string_view bytes) {
  if (state_->secrets) state_->secrets->expect(bytes);
  return Expectation(*this);
}

void Understanding::expect_nothing() {
  if (state_->secrets) state_->secrets->expect({});
}

void Understanding::use_zone(std::string_view name) {
  State& state = *state_;
  state.zone = &state.usual_zone;
  if (name.empty()) return;
  auto known = state.zones.find(name);
  if (known == state.zones.end()) {
    const auto zone = TimeZone::named(name);
    if (!zone || state.zones.size() >= kZonesMax) return;
    known = state.zones.emplace(name, LocalZone(*zone)).first;
  }
  state.zone = &known->second;
}

void Understanding::join(event::Event& event, Arena& arena) {
  State& state = *state_;
  state.pieces.took_id(state.piece, event.event_id);
  if (!state.is_joinable) return;
  state.is_joinable = false;
  state.line.text = event.message;
  state.line.level = event.level;
  state.line.kind = event.source;
  state.line.correlation_id = event.correlation_id;
  const LineJoiner::Head head = state.joiner.place(state.line, event.event_id);
  state.counters.lines_joined = state.joiner.joined();
  state.counters.joins_cut = state.joiner.cut();
  if (head.event_id.empty()) return;
  event.level = head.level;
  event.source = head.kind;
  link_ids(event, head.correlation_id);
  state.metadata.clear();
  state.metadata.add_members(event.metadata);
  state.metadata.add_string("continues", head.event_id);
  event.metadata = state.metadata.copy_to(arena);
}

void Understanding::resume(const event::Event& event) {
  if (!prints_lines(event.source) || is_unfinished(event)) return;
  const std::string_view process = written_member(event.metadata, "\"process\"");
  const bool names_service = !process.empty() && process == event.service;
  LineJoiner::Line line;
  const uint64_t source = source_key(event, names_service ? std::string_view() : event.service);
  line.source = key_of_process(source, process);
  line.text = event.message;
  line.has_header = event.level_stated || event.timestamp_stated;
  line.level = event.level;
  line.correlation_id = event.correlation_id;
  for (const std::string_view id : {event.correlation_id, event.trace_id, event.request_id}) {
    state_->bare_ids.note_id(id);
  }
  resume_secret(state_->secret_states.of(source), event);
  state_->joiner.resume(line, event.event_id, written_member(event.metadata, "\"continues\""));
}

std::string Understanding::learnt() const {
  return state_->bare_ids.columns();
}

bool Understanding::recall(std::string_view learnt) {
  return state_->bare_ids.recall(learnt);
}

uint64_t Understanding::lessons() const {
  return state_->bare_ids.judged();
}

void Understanding::forget_open_events() {
  state_->joiner.forget();
  state_->pieces.forget();
}

void Understanding::understand(event::Event& event, Arena& arena) {
  State& state = *state_;
  ++state.counters.lines;
  if (event.timestamp_us == 0) event.timestamp_us = state.clock.wall_us();
  state.note_source(event);
  state.metadata.clear();
  state.metadata.add_members(state.mask(event.metadata, OwnRedaction::Form::kJson, arena));
  const size_t stated_size = state.metadata.size();
  state.reject_stated_id(event);

  state.mask_tags(event, arena);
  const std::string_view text = state.mask_message(event, arena);
  const TimeContext context{event.timestamp_us, state.zone};
  Reading& reading = state.last_reading;
  reading = {};
  const LineForm form = state.lines.read(text, context, arena, reading, state.metadata);
  state.last_form = form;
  state.last_text = text;
  if (form == LineForm::kJson) ++state.counters.json_lines;
  if (form == LineForm::kLogfmt) ++state.counters.logfmt_lines;

  // Within JSON, colours are written as escapes, so they only appear here.
  const bool is_text = form == LineForm::kText || form == LineForm::kOwn;
  event.message = is_text ? reading.message : strip_ansi(reading.message, arena);
  state.note_reading(form, text, reading);
  set_if_empty(event.service, reading.service);
  state.take_time(reading, event);
  state.take_level(reading, event);
  state.find_bare_id(text, event);
  state.take_ids(reading.ids, event);
  if (reading.is_browser) event.source = event::SourceKind::kExtension;
  if (state.metadata.size() != stated_size || !event.metadata.empty()) {
    event.metadata = state.metadata.copy_to(arena);
  }
}

}  // namespace gasoline::understand
