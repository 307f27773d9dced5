#include <array>
#include <string>
#include <utility>
#include <vector>

#include "answer_reader.h"
#include "commands.h"
#include "daemon_connection.h"
#include "filter_options.h"
#include "output.h"
#include "timeline_view.h"

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 8> kOwnOptions{{
    {"max-tokens", "a digest for an agent: at most so many tokens (200 or more), errors first", "N"},
    {"include-inferred", "also lines without an id that probably belong to the request, dimmed", ""},
    {"correct-skew", "order by times corrected for clocks that differ", ""},
    {"q,text", "only messages that contain this text, in any case (--q is the same)", "TEXT"},
    {"cursor", "go on where an answer ended", "CURSOR"},
    {"all", "all pages, not only the first", ""},
    {"ndjson", "print one event a line, as JSON", ""},
    {"wide", "do not cut messages to the terminal's width", ""},
}};
constexpr auto kOptions = with_filters(kOwnOptions);

Parameters parameters_of(const Arguments& arguments) {
  Parameters parameters = filter_parameters(arguments);
  if (!arguments.positionals.empty()) {
    parameters.emplace_back("correlation_id", arguments.positionals.front());
  }
  if (arguments.has("include-inferred")) parameters.emplace_back("include_inferred", "true");
  if (arguments.has("correct-skew")) parameters.emplace_back("correct_skew", "true");
  for (const auto& [option, parameter] : {std::pair("text", "q"), std::pair("cursor", "cursor")}) {
    for (const std::string& value : arguments.values(option)) {
      parameters.emplace_back(parameter, value);
    }
  }
  return parameters;
}

/// Prints each page as it comes, or keeps them for a terminal, which shows all as one.
class TimelinePrinter {
 public:
  TimelinePrinter(const Arguments& arguments, const ViewOptions& options)
      : options_(options),
        is_json_(arguments.has("json")),
        is_ndjson_(arguments.has("ndjson")),
        is_held_(options.is_terminal && !is_json_ && !is_ndjson_) {}

  /// False if there is no point in going on.
  bool add(std::string&& page, bool is_last) {
    if (is_held_) {
      pages_.push_back(std::move(page));
      return !is_last || show_pages(pages_);
    }
    if (is_json_) return note_found(page) && put(page + "\n");
    if (is_ndjson_) return print_events(page);
    // Only the last page has something to say about what follows, and an empty one after others
    // does not mean that nothing was found.
    if (!is_last || found_) return show_more(page, is_last);
    return show_pages({&page, 1});
  }

  int exit_code() const {
    if (failure_ != kExitFound) return failure_;
    return found_ ? kExitFound : kExitNothingFound;
  }

 private:
  bool note_found(const std::string& page) {
    const Result<TimelineAnswer> answer = read_timeline_answer(page);
    if (!answer) return give_up(answer.error());
    found_ = found_ || !answer->events.empty();
    return true;
  }

  bool print_events(const std::string& page) {
    const Result<std::vector<std::string>> events = raw_events(page);
    if (!events) return give_up(events.error());
    std::string text;
    for (const std::string& event : *events) text += event + "\n";
    found_ = found_ || !events->empty();
    return put(text);
  }

  bool show_more(const std::string& page, bool is_last) {
    const Result<View> view = render_timeline({&page, 1}, options_);
    if (!view) return give_up(view.error());
    found_ = found_ || view->found;
    if (!put(view->text)) return false;
    if (is_last && view->found) print_note(view->notes);
    return true;
  }

  bool show_pages(std::span<const std::string> pages) {
    const Result<View> view = render_timeline(pages, options_);
    if (!view) return give_up(view.error());
    found_ = view->found;
    if (const int shown = show(*view); shown == kExitNotWritten) failure_ = shown;
    return true;
  }

  bool put(const std::string& text) {
    const Printed printed = print(text);
    failure_ = exit_after(printed, kExitFound);
    return printed == Printed::kAll;
  }

  bool give_up(const Error& error) {
    failure_ = fail(kExitDaemonAway, error.to_string());
    return false;
  }

  const ViewOptions options_;
  const bool is_json_;
  const bool is_ndjson_;
  const bool is_held_;
  std::vector<std::string> pages_;
  bool found_ = false;
  int failure_ = kExitFound;
};

int run_timeline(const Arguments& arguments) {
  if (arguments.has("max-tokens")) {
    return ask_for_digest(arguments, "/v1/timeline", parameters_of(arguments));
  }
  const Result<ViewOptions> options = stdout_options(arguments);
  if (!options) return fail(kExitUsage, options.error().to_string());
  auto daemon = DaemonConnection::open(arguments);
  if (!daemon) return fail(kExitUsage, daemon.error().to_string());
  Parameters parameters = parameters_of(arguments);
  if (arguments.has("all") && !arguments.has("limit")) parameters.emplace_back("limit", "10000");
  TimelinePrinter printer(arguments, *options);
  while (true) {
    int exit_code = kExitDaemonAway;
    Result<std::string> page = ask(**daemon, "/v1/timeline", parameters, exit_code);
    if (!page) return exit_code;
    const Result<TimelineAnswer> answer = read_timeline_answer(*page);
    if (!answer) return fail(kExitDaemonAway, answer.error().to_string());
    const bool is_last = !arguments.has("all") || answer->next_cursor.empty();
    if (!printer.add(std::move(*page), is_last) || is_last) return printer.exit_code();
    parameters = from_cursor(std::move(parameters), answer->next_cursor);
  }
}

}  // namespace

const Command kTimelineCommand = {
    "timeline",
    "timeline [ID] [options]",
    "Shows what happened, everywhere, for one request: the events of all sources that carry ID or\n"
    "an id linked to it, in order. Without ID, those of a time range.",
    "  gasoline timeline 4bf92f3577b34da6a3ce929d0e0e4736\n"
    "  gasoline timeline req-8f3a2b --level warn\n"
    "  gasoline timeline --since 5m --service auth --q timeout\n"
    "  gasoline timeline ID --all --ndjson | jq -r .message\n",
    kOptions,
    1,
    run_timeline,
};

}  // namespace gasoline::cli
