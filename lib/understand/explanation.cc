#include "understand/explanation.h"

#include <fmt/format.h>

#include <algorithm>

#include "event/json_text.h"
#include "understand/secret_table.h"

namespace gasoline::understand {

namespace {

constexpr size_t kContextSize = 32;

std::string_view form_of(LineForm form) {
  switch (form) {
    case LineForm::kJson:
      return "a JSON object";
    case LineForm::kLogfmt:
      return "key=value pairs (logfmt)";
    case LineForm::kOwn:
      return "a form of your own";
    case LineForm::kText:
      break;
  }
  return "text";
}

std::string_view rule_of(IdRank rank) {
  switch (rank) {
    case IdRank::kField:
      return "a field that names it";
    case IdRank::kHeader:
      return "a header of tracing (traceparent, X-Ray, B3, Jaeger)";
    case IdRank::kWeakField:
      return "a short field name before a value that is telling";
    case IdRank::kPlace:
      return "a 128-bit id in a place where one is expected";
    case IdRank::kLearnt:
      return "a 128-bit id that other lines show to be one";
    case IdRank::kNone:
      break;
  }
  return "stated by the producer";
}

/// What stands before a value that lies in `line`.
std::string before(std::string_view line, std::string_view value) {
  const size_t at = value.empty() ? std::string_view::npos : line.find(value);
  if (at == std::string_view::npos || at == 0) return {};
  size_t start = at - std::min(at, kContextSize);
  while (start < at && (static_cast<uint8_t>(line[start]) & 0xc0) == 0x80) ++start;
  return fmt::format(", behind '{}'", line.substr(start, at - start));
}

std::string json_time(int64_t us) {
  std::string text;
  event::append_json_time_ms(text, us);
  return text + " ms";
}

class Explainer {
 public:
  Explainer(const Understanding& understanding, const Rules& rules, const event::Event& event)
      : last_(understanding.last_line()), reading_(*last_.reading), rules_(rules), event_(event) {}

  std::vector<Finding> all() {
    add_form();
    add_time();
    add_level();
    add_service();
    add_ids();
    for (const uint32_t kind : last_.secret_kinds) {
      const SecretKind& secret = secret_kinds()[kind];
      add("masked", secret.kind, fmt::format("the pattern {}", secret.trigger));
    }
    for (const uint32_t rule : last_.own_rules) {
      const OwnPattern& own = rules_.options().redactions[rule];
      add("masked", own.name, fmt::format("your rule '{}', /{}/", own.name, own.regex));
    }
    if (event_.metadata.find("\"continues\":\"") != std::string_view::npos) {
      add("continues", "the event before it", "a line of a stack trace, or below a logged line");
    }
    return std::move(findings_);
  }

 private:
  void add(std::string_view what, std::string_view value, std::string rule) {
    findings_.push_back({std::string(what), std::string(value), std::move(rule)});
  }

  void add_form() {
    if (!reading_.own_form.empty()) {
      return add("form", form_of(last_.form), fmt::format("your pattern '{}'", reading_.own_form));
    }
    std::string rule = reading_.has_header ? "a time or a level stands before the message" : "";
    if (!reading_.process.empty()) rule = fmt::format("behind the prefix of {}", reading_.process);
    if (reading_.is_browser) rule = "what a browser's console said";
    add("form", form_of(last_.form), std::move(rule));
  }

  void add_time() {
    if (!reading_.has_time) return add("time", "none printed", "the time of reading counts");
    const std::string unit = fmt::format("printed to {} us", reading_.time.unit_us);
    const bool is_finer = event_.timestamp_us != reading_.time.us;
    add("time", json_time(reading_.time.us),
        is_finer ? unit + "; the reading is finer and orders it" : unit);
  }

  void add_level() {
    if (!reading_.has_level) return add("level", event::to_string(event_.level), "none stated");
    add("level", event::to_string(event_.level),
        reading_.level_word.empty() ? "a letter or a mark of the format"
                                    : fmt::format("the word '{}'", reading_.level_word));
  }

  void add_service() {
    if (event_.service.empty()) return;
    const bool is_read = event_.service == reading_.service;
    add("service", event_.service, is_read ? "said by the line" : "stated by the producer");
  }

  void add_ids() {
    add_id("correlation id", event_.correlation_id);
    if (event_.trace_id != event_.correlation_id) add_id("trace id", event_.trace_id);
    if (event_.request_id != event_.correlation_id) add_id("request id", event_.request_id);
    add_id("span id", event_.span_id);
    if (event_.correlation_id.empty()) add("correlation id", "none", "nothing in the line is one");
  }

  void add_id(std::string_view what, std::string_view value) {
    if (value.empty()) return;
    const Ids& ids = reading_.ids;
    IdRank rank = IdRank::kNone;
    for (const Ids::Slot* slot : {&ids.correlation, &ids.trace, &ids.span, &ids.request,
                                  &ids.other_request, &ids.unnamed}) {
      if (slot->value == value) rank = std::min(rank, slot->rank);
    }
    add(what, value, std::string(rule_of(rank)) + before(last_.text, value));
  }

  const LastLine last_;
  const Reading& reading_;
  const Rules& rules_;
  const event::Event& event_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> explain(const Understanding& understanding, const Rules& rules,
                             const event::Event& event) {
  return Explainer(understanding, rules, event).all();
}

}  // namespace gasoline::understand
