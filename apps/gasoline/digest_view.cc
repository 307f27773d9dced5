#include "digest_view.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <string>

#include "terminal_text.h"

namespace gasoline::cli {
namespace {

using simdjson::dom::element;

uint64_t number_of(const element& object, std::string_view pointer) {
  uint64_t number = 0;
  return object.at_pointer(pointer).get(number) == simdjson::SUCCESS ? number : 0;
}

/// Each element on a line; returns how many there are.
size_t append_list(std::string& to, const element& json, const char* name) {
  simdjson::dom::array array;
  if (json[name].get(array) != simdjson::SUCCESS) return 0;
  size_t lines = 0;
  for (const element each : array) {
    std::string_view text;
    if (each.get(text) != simdjson::SUCCESS) continue;
    to.append(make_safe(text, false)).push_back('\n');
    ++lines;
  }
  return lines;
}

std::string text_of(const element& json, const char* name) {
  std::string_view text;
  return json[name].get(text) == simdjson::SUCCESS ? make_safe(text, false) : std::string();
}

View draw(const element& json) {
  View view;
  if (const std::string start = text_of(json, "start"); !start.empty()) {
    view.text += "start " + start + "\n";
  }
  size_t lines = append_list(view.text, json, "errors");
  lines += append_list(view.text, json, "lines");
  view.found = lines > 0;
  append_list(view.text, json, "candidates");
  const uint64_t cut = number_of(json, "/cut/events");
  const uint64_t errors_cut = number_of(json, "/cut/errors");
  const uint64_t truncated = number_of(json, "/missing/truncated_sources");
  const uint64_t gaps = number_of(json, "/missing/gaps");
  if (cut + errors_cut > 0) view.text += fmt::format("cut {}, errors {}\n", cut, errors_cut);
  if (truncated + gaps > 0) view.text += fmt::format("missing {}, gaps {}\n", truncated, gaps);
  if (const std::string cursor = text_of(json, "next_cursor"); !cursor.empty()) {
    view.text += "more: --cursor " + cursor + "\n";
  }
  return view;
}

}  // namespace

Result<View> render_digest(std::string_view json) {
  const char* why = "it is no digest";
  try {
    simdjson::dom::parser parser;
    element document;
    const simdjson::error_code error = parser.parse(json.data(), json.size(), true).get(document);
    if (error == simdjson::SUCCESS && document.is_object() && document["digest"].is_uint64()) {
      return draw(document);
    }
    if (error != simdjson::SUCCESS) why = simdjson::error_message(error);
  } catch (const std::exception&) {
    why = "out of memory";
  }
  return Error::of(Error::kInvalid, "read the daemon's answer", why);
}

}  // namespace gasoline::cli
