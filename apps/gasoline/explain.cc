#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "base/clock.h"
#include "base/log.h"
#include "base/places.h"
#include "commands.h"
#include "event/event_json.h"
#include "event/json_text.h"
#include "output.h"
#include "setup/setup.h"
#include "terminal_text.h"
#include "understand/explanation.h"

namespace gasoline::cli {
namespace {

constexpr size_t kInputSizeMax = 16 << 20;
constexpr size_t kWhatColumns = 16;
constexpr std::array<OptionRow, 1> kOptions{{
    {"config", "with the patterns and rules of this file, not those of the usual one", "FILE"},
}};

/// The machine's key, so that a mask reads as in the timeline; none if no daemon has made one.
std::optional<understand::MaskKey> machine_key(const Places& places) {
  std::ifstream file(places.state_directory + "/mask.key", std::ios::binary);
  std::string digits(32, '\0');
  file.read(digits.data(), static_cast<std::streamsize>(digits.size()));
  return file ? understand::MaskKey::parse(digits) : std::nullopt;
}

std::string as_json(const event::Event& event, const std::vector<understand::Finding>& findings) {
  std::string text = "{\"event\":";
  event::append_json(text, event);
  text += ",\"findings\":[";
  for (size_t i = 0; i < findings.size(); ++i) {
    text += i == 0 ? "{\"what\":" : ",{\"what\":";
    event::append_json_string(text, findings[i].what);
    text += ",\"value\":";
    event::append_json_string(text, findings[i].value);
    text += ",\"rule\":";
    event::append_json_string(text, findings[i].rule);
    text += '}';
  }
  return text + "]}\n";
}

std::string row(std::string_view what, std::string_view value, std::string_view rule) {
  std::string text = pad(what, kWhatColumns) + make_safe(value, false);
  if (!rule.empty()) text += "   (" + make_safe(rule, false) + ")";
  return text + "\n";
}

std::string as_text(const event::Event& event, const std::vector<understand::Finding>& findings) {
  std::string text = row("message", event.message, "");
  for (const understand::Finding& finding : findings) {
    text += row(finding.what, finding.value, finding.rule);
  }
  if (!event.metadata.empty()) text += row("metadata", "{" + std::string(event.metadata) + "}", "");
  return text;
}

/// Reads lines as the daemon reads those of one stream, one after the other.
std::string explain_lines(std::string_view lines, const understand::Rules& rules, bool is_json) {
  const SystemClock clock;
  understand::Understanding understanding(rules, clock);
  std::string text;
  Arena arena;
  size_t number = 0;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    std::string line;
    event::append_valid_utf8(line, lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    arena.reset();
    event::Event event;
    const std::string id = "line-" + std::to_string(++number);
    event.event_id = id;
    event.source = event::SourceKind::kStdout;
    event.timestamp_us = event.receive_time_us = SystemClock().wall_us();
    event.message = line;
    understanding.understand(event, arena);
    understanding.join(event, arena);
    const std::vector<understand::Finding> findings = understand::explain(understanding, rules, event);
    if (!is_json && number > 1) text += '\n';
    text += is_json ? as_json(event, findings) : as_text(event, findings);
  }
  return text;
}

int run_explain(const Arguments& arguments) {
  std::string lines;
  if (!arguments.positionals.empty() && arguments.positionals.front() != "-") {
    lines = arguments.positionals.front();
  } else {
    char buffer[65536];
    ssize_t size = 0;
    while (lines.size() < kInputSizeMax && (size = ::read(0, buffer, sizeof buffer)) > 0) {
      lines.append(buffer, static_cast<size_t>(size));
    }
  }
  if (lines.empty()) return fail(kExitUsage, "explain: name a line, or pipe lines into it");
  const Places places = find_places(process_environment(), ::geteuid());
  setup::ConfigChoice choice;
  choice.path = arguments.value("config").value_or("");
  const config::Reading reading = setup::read_configuration(choice, process_environment(), places);
  for (const config::Complaint& error : reading.errors) print_note(error.to_string() + "\n");
  if (!reading.errors.empty()) return kExitUsage;
  understand::Options options = setup::understanding_options(reading.configuration.settings);
  options.mask_key = machine_key(places);
  if (!places.cache_directory.empty() && make_private_directories(places.cache_directory)) {
    options.pattern_cache_directory = places.cache_directory;
  }
  SilentLog log;
  const auto rules = understand::Rules::create(options, log);
  if (!rules) return fail(kExitNotWritten, rules.error().to_string());
  return exit_after(print(explain_lines(lines, **rules, arguments.has("json"))), kExitFound);
}

}  // namespace

const Command kExplainCommand = {
    "explain",
    "explain [LINE] [options]",
    "Shows what Gasoline reads in a line: its time, level and ids, by which rule, and what it\n"
    "masks; with the patterns and redaction rules of the configuration. Needs no daemon. Without\n"
    "LINE it reads lines from stdin, as those of one stream.",
    "  gasoline explain '2026-11-21 02:37:06 ERROR [req:7f3f1d2c9a] payment failed'\n"
    "  tail -n 20 app.log | gasoline explain --json\n",
    kOptions,
    1,
    run_explain,
};

}  // namespace gasoline::cli
