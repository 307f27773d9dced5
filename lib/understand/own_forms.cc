#include "understand/own_forms.h"

#include <utility>

#include "event/event.h"
#include "understand/id_finder.h"
#include "understand/id_key.h"
#include "understand/ids.h"
#include "understand/json_fields.h"

namespace gasoline::understand {

Result<OwnFormRules> OwnFormRules::compile(std::vector<std::string> names,
                                           std::span<const std::string> regexes,
                                           const std::string& cache_directory, Log& log) {
  auto patterns = pattern::UserPatterns::compile(regexes, cache_directory, log);
  if (!patterns) return patterns.error();
  return OwnFormRules{std::move(names), std::move(*patterns)};
}

bool OwnForms::read(std::string_view text, const TimeContext& context, Reading& reading,
                    MetadataText& metadata) {
  if (!rules_.patterns.scan(text, memory_)) return false;
  for (size_t form = 0; form < rules_.names.size(); ++form) {
    if (!rules_.patterns.may_occur(form, memory_)) continue;
    if (!rules_.patterns.find(form, text, 0, text.size(), memory_)) continue;
    const std::vector<std::string>& names = rules_.patterns.group_names(form);
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string_view value = memory_.groups[i + 1];
      if (names[i].empty() || value.empty()) continue;
      take(names[i], value, context, reading, metadata);
    }
    reading.own_form = rules_.names[form];
    reading.has_header = true;
    if (!reading.has_message) {
      reading.message = text;
      reading.has_message = true;
    }
    if (reading.ids.empty()) find_ids(reading.message, 0, reading.ids);
    return true;
  }
  return false;
}

void OwnForms::take(std::string_view name, std::string_view value, const TimeContext& context,
                    Reading& reading, MetadataText& metadata) const {
  if (name == "message") {
    reading.message = value;
    reading.has_message = true;
    return;
  }
  PrintedTime time;
  if (name == "timestamp" && read_time_value(value, context, time)) {
    return reading.offer_time(time);
  }
  event::Level level = event::Level::kInfo;
  if (name == "level" && read_level_field(value, level)) {
    return reading.offer_level(level, value);
  }
  if (name == "service" && value.size() <= event::kServiceSizeMax) {
    if (reading.service.empty()) reading.service = value;
    return;
  }
  const IdRole role = classify_id_key(name);
  if (role != IdRole::kNone && take_id(role, value, IdPlace::kStructured, reading.ids)) return;
  metadata.add_string(field_name_in_metadata(name), value);
}

}  // namespace gasoline::understand
