#include "config_view.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "config/setting_table.h"
#include "event/json_text.h"
#include "terminal_text.h"

namespace gasoline::cli {
namespace {

using config::Complaint;

std::string complaints_json(const std::vector<Complaint>& complaints) {
  std::string text = "[";
  for (const Complaint& each : complaints) {
    if (text.size() > 1) text += ',';
    text += fmt::format("{{\"line\":{},\"column\":{},\"key\":", each.place.line, each.place.column);
    event::append_json_string(text, each.key);
    text += ",\"what\":";
    event::append_json_string(text, each.what);
    text += '}';
  }
  return text + "]";
}

std::string line_of(const simdjson::dom::element& value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? make_safe(text, false) : "";
}

/// The texts of an array, joined.
std::string list_of(const simdjson::dom::element& answer, const char* name,
                    std::string_view separator) {
  simdjson::dom::array array;
  std::string text;
  if (answer[name].get(array) != simdjson::SUCCESS) return text;
  for (const simdjson::dom::element each : array) {
    if (!text.empty()) text += separator;
    text += line_of(each);
  }
  return text;
}

std::string reload_text(const simdjson::dom::element& answer) {
  std::string_view status;
  if (answer["status"].get(status) != simdjson::SUCCESS) {
    return "refused; the daemon keeps what it has:\n  " + list_of(answer, "errors", "\n  ") + "\n";
  }
  const std::string changed = list_of(answer, "changed", ", ");
  const std::string waiting = list_of(answer, "needs_restart", ", ");
  std::string text = changed.empty() ? "read again; nothing has changed\n"
                                     : fmt::format("in force now: {}\n", changed);
  if (!waiting.empty()) {
    text += fmt::format("these wait for gasolined to be started again: {}\n", waiting);
  }
  return text;
}

}  // namespace

std::string check_text(const config::Reading& reading) {
  std::string text;
  for (const Complaint& error : reading.errors) {
    text += "error: " + make_safe(error.to_string(), false) + "\n";
  }
  for (const Complaint& note : reading.notes) {
    text += "note: " + make_safe(note.to_string(), false) + "\n";
  }
  const std::string file = make_safe(reading.configuration.file, false);
  if (reading.errors.empty()) return text + file + ": good\n";
  return text + fmt::format("{}: {}\n", file, count_of(reading.errors.size(), "error"));
}

std::string check_json(const config::Reading& reading) {
  std::string text = "{\"file\":";
  event::append_json_string(text, reading.configuration.file);
  text += fmt::format(",\"status\":\"{}\",\"errors\":{},\"notes\":{}}}\n",
                      reading.errors.empty() ? "ok" : "wrong", complaints_json(reading.errors),
                      complaints_json(reading.notes));
  return text;
}

std::string keys_text() {
  std::string text;
  for (const config::SettingRow& row : config::setting_table()) {
    text += fmt::format("{}\n    {}\n    takes {}", row.key, row.description, accepted(row));
    if (!row.types.empty()) text += fmt::format("; of type {}", row.types);
    text += row.is_required ? "; required" : fmt::format("; default: {}", default_text(row));
    text += row.change == config::Change::kRestart ? "; a change needs a restart\n" : "\n";
  }
  return text;
}

Result<std::string> render_reload(std::string_view json) {
  try {
    simdjson::dom::parser parser;
    simdjson::dom::element answer;
    if (parser.parse(json.data(), json.size(), true).get(answer) == simdjson::SUCCESS &&
        (answer["errors"].error() == simdjson::SUCCESS ||
         answer["changed"].error() == simdjson::SUCCESS)) {
      return reload_text(answer);
    }
  } catch (const std::exception&) {
    return Error::of(Error::kInvalid, "read the daemon's answer", "out of memory");
  }
  return Error::of(Error::kInvalid, "read the daemon's answer", "it is no answer to a reload");
}

}  // namespace gasoline::cli
