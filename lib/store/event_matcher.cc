#include "store/event_matcher.h"

#include <algorithm>
#include <utility>

#include "store/event_filter.h"
#include "store/id_links.h"

namespace gasoline::store {
namespace {

std::string to_lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return text;
}

bool is_without_filters(const Query& query) {
  return query.correlation_id.empty() && query.sources.empty() && query.services.empty() &&
         query.run_id.empty() && query.project.empty() && !query.level_min && !query.start_us &&
         !query.end_us && query.text.empty();
}

}  // namespace

EventMatcher::EventMatcher(Query query)
    : query_(std::move(query)),
      lower_text_(to_lower(query_.text)),
      normal_id_(make_term(query_.correlation_id).id),
      project_tag_("project:" + query_.project),
      admits_all_(is_without_filters(query_)) {}

bool EventMatcher::admits(const event::Event& event) const {
  if (admits_all_) return true;
  if (event.level < query_.level_min.value_or(event::Level::kDebug)) return false;
  if (event.timestamp_us < query_.start_us.value_or(INT64_MIN)) return false;
  if (event.timestamp_us >= query_.end_us.value_or(INT64_MAX)) return false;
  return admits_source(event) && (query_.correlation_id.empty() || shows_id(event)) &&
         (lower_text_.empty() || contains_ignoring_case(event.message, lower_text_));
}

bool EventMatcher::admits_source(const event::Event& event) const {
  if (!query_.run_id.empty() && event.run_id != query_.run_id) return false;
  if (!query_.project.empty() &&
      std::find(event.tags.begin(), event.tags.end(), project_tag_) == event.tags.end()) {
    return false;
  }
  const auto is_service = [&](const std::string& each) { return event.service == each; };
  if (!query_.services.empty() &&
      std::none_of(query_.services.begin(), query_.services.end(), is_service)) {
    return false;
  }
  const std::string_view kind = event::to_string(event.source);
  const auto is_source = [&](std::string_view each) {
    if (!each.starts_with(kind)) return false;
    each.remove_prefix(kind.size());
    return each.empty() || (each.front() == ':' && each.substr(1) == event.service);
  };
  return query_.sources.empty() ||
         std::any_of(query_.sources.begin(), query_.sources.end(), is_source);
}

bool EventMatcher::shows_id(const event::Event& event) const {
  EventIds ids;
  find_event_ids(event, ids);
  return !normal_id_.empty() && ids.contains(normal_id_);
}

}  // namespace gasoline::store
