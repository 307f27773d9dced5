#include "store/answer_parts.h"

#include <algorithm>
#include <string_view>

namespace gasoline::store {
namespace {

std::string source_name(const event::Event& event) {
  std::string name(event::to_string(event.source));
  if (!event.service.empty()) name.append(":").append(event.service);
  return name;
}

/// A followed file or container has a new origin after each rotation or start, and what one of them
/// lost concerns those who read the next.
bool has_many_origins(event::SourceKind kind) {
  using enum event::SourceKind;
  return kind == kFile || kind == kSsh || kind == kContainer;
}

bool has_event_of(const Answer& answer, const SourceIdentity& identity) {
  return std::any_of(answer.events.begin(), answer.events.end(), [&](const event::Event& event) {
    return event.source == identity.kind && event.service == identity.service &&
           (event.run_id == identity.run_id || has_many_origins(identity.kind));
  });
}

/// Of sources that are gone it is not known which runs they were of: who asks for one run is told of
/// them if nothing of it was found.
bool concerns(const RingNote& note, const EventFilter& filter, bool found_nothing) {
  if (!note.is_of_gone) return filter.admits_some_of(*note.identity);
  return filter.admits_but_run(*note.identity) && (found_nothing || !filter.is_of_one_run());
}

void add_truncation(const RingNote& note, int64_t from_us, Answer& answer) {
  if (note.evicted == 0 || note.evicted_until_us < from_us) return;
  // The first moment of which everything is there.
  const int64_t before_us = note.evicted_until_us + (note.evicted_until_us < INT64_MAX ? 1 : 0);
  for (Answer::Truncation& known : answer.truncated) {
    if (known.source != note.identity->name) continue;
    known.before_us = std::max(known.before_us, before_us);
    return;
  }
  answer.truncated.push_back({note.identity->name, before_us});
}

void add_gaps(const RingNote& note, int64_t from_us, int64_t to_us, Answer& answer) {
  for (const Ring::GapRecord& gap : note.gaps) {
    if (gap.to_us < from_us || gap.from_us > to_us) continue;
    answer.gaps.push_back({note.identity->name, gap.run_id, gap.from_us, gap.to_us,
                           gap.lines, gap.bytes, gap.reason});
  }
}

}  // namespace

void describe_sources(Answer& answer) {
  for (const event::Event& event : answer.events) {
    auto known = std::find_if(answer.sources.begin(), answer.sources.end(), [&](const auto& each) {
      return each.service == event.service &&
             std::string_view(each.source).starts_with(event::to_string(event.source));
    });
    if (known == answer.sources.end()) {
      answer.sources.push_back({source_name(event), std::string(event.service), 0});
      known = answer.sources.end() - 1;
    }
    ++known->events;
  }
}

void describe_completeness(const std::vector<RingNote>& notes, const EventFilter& filter,
                           bool by_id, Answer& answer) {
  if (!answer.candidates.empty()) return;
  const bool empty = answer.events.empty();
  const int64_t asked_from_us = std::max(filter.start_us(), filter.after().timestamp_us);
  for (const RingNote& note : notes) {
    if (!concerns(note, filter, empty)) continue;
    if (!by_id) {
      add_truncation(note, asked_from_us, answer);
      const bool more = !answer.next_cursor.empty() && !empty;
      const int64_t to_us = more ? answer.events.back().timestamp_us : filter.end_us();
      add_gaps(note, asked_from_us, to_us, answer);
      continue;
    }
    const int64_t first_us = empty ? asked_from_us : answer.events.front().timestamp_us;
    add_truncation(note, std::max(empty ? first_us : first_us - kRequestSpanUs, asked_from_us),
                   answer);
    if (!empty && has_event_of(answer, *note.identity)) {
      add_gaps(note, first_us, answer.events.back().timestamp_us, answer);
    }
  }
  std::sort(answer.gaps.begin(), answer.gaps.end(),
            [](const auto& a, const auto& b) { return a.from_us < b.from_us; });
}

}  // namespace gasoline::store
