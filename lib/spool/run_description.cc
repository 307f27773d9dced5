#include "spool/run_description.h"

#include <fmt/format.h>

#include <charconv>

#include "base/ids.h"
#include "event/json_text.h"

namespace gasoline::spool {
namespace {

std::string unescape(std::string_view value) {
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\' || i + 1 == value.size()) {
      text.push_back(value[i]);
      continue;
    }
    const char c = value[++i];
    text.push_back(c == 'n' ? '\n' : c == 'r' ? '\r' : c);
  }
  return text;
}

int64_t to_number(std::string_view text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void append_text_member(std::string& to, std::string_view name, std::string_view value) {
  to += name;
  to += ": ";
  for (const char c : value) {
    switch (c) {
      case '\n':
        to += "\\n";
        break;
      case '\r':
        to += "\\r";
        break;
      case '\\':
        to += "\\\\";
        break;
      default:
        to.push_back(c);
    }
  }
  to.push_back('\n');
}

void for_each_text_member(
    std::string_view text,
    const std::function<void(std::string_view name, const std::string& value)>& use) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t colon = line.find(": ");
    if (colon != std::string_view::npos)
      use(line.substr(0, colon), unescape(line.substr(colon + 2)));
  }
}

std::string to_text(const RunDescription& run) {
  std::string text;
  append_text_member(text, "run_id", run.run_id);
  append_text_member(text, "service", run.service);
  append_text_member(text, "host", run.host);
  append_text_member(text, "project", run.project);
  append_text_member(text, "started_us", std::to_string(run.started_us));
  append_text_member(text, "pid", std::to_string(run.pid));
  for (const std::string& tag : run.tags) append_text_member(text, "tag", tag);
  return text;
}

Result<RunDescription> parse_run_description(std::string_view text) {
  RunDescription run;
  for_each_text_member(text, [&run](std::string_view name, const std::string& value) {
    if (name == "run_id") run.run_id = value;
    if (name == "service") run.service = value;
    if (name == "host") run.host = value;
    if (name == "project") run.project = value;
    if (name == "started_us") run.started_us = to_number(value);
    if (name == "pid") run.pid = to_number(value);
    if (name == "tag") run.tags.push_back(value);
  });
  if (is_ulid(run.run_id)) return run;
  return Error::of(Error::kInvalid, "read the description of a run",
                   "it has no line 'run_id: ' with a ULID");
}

std::string envelope_members(const RunDescription& run, uint64_t first_seq) {
  std::string text = "\"run_id\":";
  event::append_json_string(text, run.run_id);
  text += ",\"service\":";
  event::append_json_string(text, run.service);
  text += ",\"host\":";
  event::append_json_string(text, run.host);
  text += ",\"tags\":[";
  bool is_first = true;
  const auto append_tag = [&](std::string_view tag) {
    if (!is_first) text.push_back(',');
    event::append_json_string(text, tag);
    is_first = false;
  };
  append_tag("service:" + run.service);
  if (!run.project.empty()) append_tag("project:" + run.project);
  for (const std::string& tag : run.tags) append_tag(tag);
  fmt::format_to(std::back_inserter(text), "],\"seq\":{}", first_seq);
  return text;
}

}  // namespace gasoline::spool
