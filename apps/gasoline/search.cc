#include <algorithm>
#include <charconv>

#include "answer_reader.h"
#include "commands.h"
#include "daemon_connection.h"
#include "filter_options.h"
#include "output.h"
#include "search_view.h"

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 8> kOwnOptions{{
    {"max-tokens", "a digest for an agent: at most so many tokens (200 or more), errors first", "N"},
    {"i,ignore-case", "letters match in either case", ""},
    {"id", "only events of this correlation id, or of one linked to it", "ID"},
    {"cursor", "go on where an answer ended", "CURSOR"},
    {"c,count", "print only how many match", ""},
    {"all", "all that match, not only the first 1000", ""},
    {"ndjson", "print one event a line, as JSON", ""},
    {"wide", "do not cut messages to the terminal's width", ""},
}};
constexpr auto kOptions = with_filters(kOwnOptions);
constexpr size_t kLimitDefault = 1000;

Parameters parameters_of(const Arguments& arguments) {
  Parameters parameters = filter_parameters(arguments);
  parameters.emplace_back("q", arguments.positionals.front());
  if (arguments.has("ignore-case")) parameters.emplace_back("ignore_case", "true");
  if (const auto id = arguments.value("id")) parameters.emplace_back("correlation_id", *id);
  if (const auto cursor = arguments.value("cursor")) parameters.emplace_back("cursor", *cursor);
  return parameters;
}

size_t limit_of(const Arguments& arguments) {
  if (arguments.has("all")) return SIZE_MAX;
  const std::string text = arguments.value("limit").value_or("");
  size_t limit = kLimitDefault;
  std::from_chars(text.data(), text.data() + text.size(), limit);
  return limit;
}

/// Prints what a page holds in the way that was asked for.
Printed print_page(const Arguments& arguments, const std::string& page,
                   const TimelineAnswer& answer, SearchView& view) {
  const std::string drawn = view.draw(answer);
  if (arguments.has("json")) return print(page + "\n");
  if (!arguments.has("ndjson")) return print(drawn);
  std::string text;
  if (const auto events = raw_events(page)) {
    for (const std::string& event : *events) text += event + "\n";
  }
  return print(text);
}

/// Prints how many events match. They are looked for once, whatever their number.
int count_matches(const Arguments& arguments, DaemonConnection& daemon) {
  Parameters parameters = parameters_of(arguments);
  std::erase_if(parameters, [](const auto& each) { return each.first == "limit"; });
  parameters.emplace_back("limit", "1");
  parameters.emplace_back("count", "true");
  int exit_code = kExitDaemonAway;
  const Result<std::string> page = ask(daemon, "/v1/search", parameters, exit_code);
  if (!page) return exit_code;
  const Result<TimelineAnswer> answer = read_timeline_answer(*page);
  if (!answer) return fail(kExitDaemonAway, answer.error().to_string());
  const int code = answer->matched > 0 ? kExitFound : kExitNothingFound;
  const Printed printed =
      print(arguments.has("json") ? *page + "\n" : std::to_string(answer->matched) + "\n");
  if (printed != Printed::kAll) return exit_after(printed, code);
  if (answer->has_stopped_early) {
    print_note("gasoline: at least so many, the rest was not searched: narrow it, as by --since\n");
  }
  return code;
}

int run_search(const Arguments& arguments) {
  const Result<ViewOptions> options = stdout_options(arguments);
  if (!options) return fail(kExitUsage, options.error().to_string());
  if (arguments.positionals.empty()) {
    return fail(kExitUsage, "search: say what to search for, such as 'gasoline search timeout'");
  }
  if (arguments.has("max-tokens")) {
    return ask_for_digest(arguments, "/v1/search", parameters_of(arguments));
  }
  auto daemon = DaemonConnection::open(arguments);
  if (!daemon) return fail(kExitUsage, daemon.error().to_string());
  if (arguments.has("count")) return count_matches(arguments, **daemon);
  Parameters parameters = parameters_of(arguments);
  const size_t limit = limit_of(arguments);
  SearchView view(*options);
  while (true) {
    int exit_code = kExitDaemonAway;
    const Result<std::string> page = ask(**daemon, "/v1/search", parameters, exit_code);
    if (!page) return exit_code;
    const Result<TimelineAnswer> answer = read_timeline_answer(*page);
    if (!answer) return fail(kExitDaemonAway, answer.error().to_string());
    const Printed printed = print_page(arguments, *page, *answer, view);
    const int code = view.events() > 0 ? kExitFound : kExitNothingFound;
    if (printed != Printed::kAll) return exit_after(printed, code);
    // The daemon's time for one answer may end before enough was found.
    if (answer->next_cursor.empty() || view.events() >= limit) {
      if (!arguments.has("json")) print_note(view.notes(*answer));
      return code;
    }
    parameters = from_cursor(std::move(parameters), answer->next_cursor);
    std::erase_if(parameters, [](const auto& each) { return each.first == "limit"; });
    parameters.emplace_back("limit",
                            std::to_string(std::min<size_t>(limit - view.events(), 10'000)));
  }
}

}  // namespace

const Command kSearchCommand = {
    "search",
    "search RE [options]",
    "Finds the events of all sources whose message matches RE, newest first. RE is a regular\n"
    "expression as in PCRE, without look-around and back references.",
    "  gasoline search 'time(d )?out'\n"
    "  gasoline search -i 'order \\d+ failed' --service shop --since 10m\n"
    "  gasoline search --count 'status=5\\d\\d' --since 1h\n"
    "  gasoline search '5\\d\\d$' --level warn --ndjson | jq -r .correlation_id\n",
    kOptions,
    1,
    run_search,
};

}  // namespace gasoline::cli
