#include "sources_view.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/quantity.h"
#include "event/time_text.h"
#include "terminal_text.h"

namespace gasoline::cli {
namespace {

using simdjson::dom::element;

constexpr size_t kNameColumnsMax = 40;

struct Source {
  std::string name;
  std::string run_id;
  std::string place;
  uint64_t events = 0;
  uint64_t bytes = 0;
  uint64_t evicted = 0;
  int64_t last_us = 0;
};

Source source_of(const element& json) {
  Source source;
  std::string_view text;
  if (json["source"].get(text) == simdjson::SUCCESS) source.name = make_safe(text, false);
  if (json["run_id"].get(text) == simdjson::SUCCESS) source.run_id = make_safe(text, false);
  if (json["place"].get(text) == simdjson::SUCCESS) source.place = make_safe(text, false);
  if (json["events"].get(source.events) != simdjson::SUCCESS) source.events = 0;
  if (json["bytes"].get(source.bytes) != simdjson::SUCCESS) source.bytes = 0;
  if (json["evicted"].get(source.evicted) != simdjson::SUCCESS) source.evicted = 0;
  double last_ms = 0;
  if (json["last_time"].get(last_ms) == simdjson::SUCCESS)
    source.last_us = std::llround(last_ms * 1000);
  return source;
}

Result<std::vector<Source>> read_sources(std::string_view json) {
  const char* why = "it has no sources";
  try {
    simdjson::dom::parser parser;
    element document;
    simdjson::dom::array array;
    const simdjson::error_code error = parser.parse(json.data(), json.size(), true).get(document);
    // The list may stand alone or in an object.
    if (error == simdjson::SUCCESS && (document.get(array) == simdjson::SUCCESS ||
                                       document["sources"].get(array) == simdjson::SUCCESS)) {
      std::vector<Source> sources;
      for (const element each : array) sources.push_back(source_of(each));
      return sources;
    }
    if (error != simdjson::SUCCESS) why = simdjson::error_message(error);
  } catch (const std::exception&) {
    why = "out of memory";
  }
  return Error::of(Error::kInvalid, "read the daemon's answer", why);
}

std::string ago(const Source& source, long long now_us) {
  if (source.events == 0) return "-";
  const long long us = now_us - source.last_us;
  return us < 1'000'000 ? std::string("now") : format_duration_us(us) + " ago";
}

/// What tells it from others of its name.
const std::string& origin_of(const Source& source) {
  return source.place.empty() ? source.run_id : source.place;
}

std::string draw_table(std::vector<Source> sources, const ViewOptions& options, long long now_us) {
  std::stable_sort(sources.begin(), sources.end(),
                   [](const Source& a, const Source& b) { return a.events > b.events; });
  size_t columns = 6;
  for (const Source& source : sources) {
    columns = std::max(columns, std::min(display_width(source.name), kNameColumnsMax));
  }
  const bool has_places = std::any_of(sources.begin(), sources.end(),
                                      [](const Source& each) { return !each.place.empty(); });
  std::string text = paint(fmt::format("{} {:>12} {:>10} {:>12} {:>12}  {}", pad("SOURCE", columns),
                                       "EVENTS", "MEMORY", "LAST", "PUSHED OUT",
                                       has_places ? "RUN OR PLACE" : "RUN"),
                           Colour::kBold, options.is_coloured) +
                     "\n";
  for (const Source& source : sources) {
    text += fmt::format(
        "{} {:>12} {:>10} {:>12} {:>12}  {}\n", pad(cut_to_width(source.name, columns), columns),
        group_digits(source.events), format_size_bytes(source.bytes), ago(source, now_us),
        group_digits(source.evicted), paint(origin_of(source), Colour::kDim, options.is_coloured));
  }
  return text;
}

std::string draw_lines(const std::vector<Source>& sources) {
  std::string text;
  for (const Source& source : sources) {
    text += fmt::format("{} {} {} {}{}{}\n", source.name,
                        source.run_id.empty() ? "-" : source.run_id, source.events,
                        source.events == 0 ? "-" : event::format_rfc3339(source.last_us),
                        source.place.empty() ? "" : " ", source.place);
  }
  return text;
}

}  // namespace

Result<View> render_sources(std::string_view json, const ViewOptions& options, long long now_us) {
  Result<std::vector<Source>> sources = read_sources(json);
  if (!sources) return sources.error();
  View view;
  view.found = !sources->empty();
  if (!view.found) {
    view.notes =
        "no sources yet: prefix a command with gasoline-run, such as "
        "'gasoline-run npm run dev'\n";
  } else if (options.is_terminal) {
    view.text = draw_table(std::move(*sources), options, now_us);
  } else {
    view.text = draw_lines(*sources);
  }
  return view;
}

}  // namespace gasoline::cli
