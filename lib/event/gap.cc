#include "event/gap.h"

#include "event/json_text.h"

namespace gasoline::event {

std::string to_json_members(const Gap& gap) {
  std::string text = "\"gap\":{\"lines\":" + std::to_string(gap.lines) +
                     ",\"bytes\":" + std::to_string(gap.bytes) + ",\"from\":";
  append_json_time_ms(text, gap.from_us);
  text += ",\"to\":";
  append_json_time_ms(text, gap.to_us);
  text += ",\"reason\":";
  append_json_string(text, gap.reason);
  text += '}';
  return text;
}

}  // namespace gasoline::event
