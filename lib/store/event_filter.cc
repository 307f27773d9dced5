#include "store/event_filter.h"

#include <algorithm>

namespace gasoline::store {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string to_lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

bool holds(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

EventFilter::EventFilter(const Query& query, const Position& after, uint64_t arrival_limit,
                         int64_t receive_cutoff_us)
    : query_(query),
      after_(after),
      arrival_limit_(arrival_limit),
      receive_cutoff_us_(receive_cutoff_us),
      start_us_(query.start_us.value_or(INT64_MIN)),
      end_us_(query.end_us.value_or(INT64_MAX)),
      level_min_(static_cast<uint8_t>(query.level_min.value_or(event::Level::kDebug))),
      text_(to_lower(query.text)) {}

bool EventFilter::admits(const SourceIdentity& identity) const {
  return (query_.run_id.empty() || identity.run_id == query_.run_id) && admits_but_run(identity);
}

bool EventFilter::admits_some_of(const SourceIdentity& identity) const {
  return identity.has_generations ? admits_but_run(identity) : admits(identity);
}

bool EventFilter::admits_but_run(const SourceIdentity& identity) const {
  if (!query_.services.empty() && !holds(query_.services, identity.service)) return false;
  if (!query_.sources.empty() && !holds(query_.sources, identity.name) &&
      !holds(query_.sources, event::to_string(identity.kind))) {
    return false;
  }
  return query_.project.empty() || holds(identity.tags, "project:" + query_.project);
}

bool EventFilter::admits(const event::Event& event) const {
  return !is_past_ttl(event) && (text_.empty() || contains_ignoring_case(event.message, text_));
}

bool contains_ignoring_case(std::string_view text, std::string_view lower_needle) noexcept {
  return std::search(text.begin(), text.end(), lower_needle.begin(), lower_needle.end(),
                     [](char a, char b) { return lower(a) == b; }) != text.end() ||
         lower_needle.empty();
}

}  // namespace gasoline::store
