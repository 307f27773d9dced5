#include <charconv>
#include <chrono>
#include <thread>

#include "answer_reader.h"
#include "base/clock.h"
#include "commands.h"
#include "daemon_connection.h"
#include "filter_options.h"
#include "output.h"
#include "sse_reader.h"
#include "tail_view.h"

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 3> kOwnOptions{{
    {"q,text", "only messages that contain this text, in any case (--q is the same)", "TEXT"},
    {"ndjson", "print one event a line, as JSON", ""},
    {"wide", "do not cut messages to the terminal's width", ""},
}};
constexpr auto kOptions = with_filters(kOwnOptions);
constexpr auto kRetryAfter = std::chrono::seconds(1);

Parameters parameters_of(const Arguments& arguments) {
  Parameters parameters = filter_parameters(arguments);
  std::erase_if(parameters, [](const auto& each) { return each.first == "limit"; });
  if (!arguments.positionals.empty()) {
    parameters.emplace_back("correlation_id", arguments.positionals.front());
  }
  if (const auto text = arguments.value("text")) parameters.emplace_back("q", *text);
  return parameters;
}

/// How many events are wanted; 0 if --limit is no number of them.
uint64_t limit_of(const Arguments& arguments) {
  const auto text = arguments.value("limit");
  if (!text) return UINT64_MAX;
  uint64_t limit = 0;
  const char* end = text->data() + text->size();
  const auto [at, error] = std::from_chars(text->data(), end, limit);
  return error == std::errc() && at == end ? limit : 0;
}

/// Prints what comes, and knows where to go on.
class TailPrinter {
 public:
  TailPrinter(const Arguments& arguments, const ViewOptions& options)
      : view_(options),
        is_terminal_(options.is_terminal),
        is_json_(arguments.has("ndjson") || arguments.has("json")) {
  }

  void set_limit(uint64_t events) { left_ = events; }

  bool take(const std::string& piece) {
    text_.clear();
    const bool goes_on =
        reader_.feed(piece, [this](const SseReader::Message& message) { return add(message); });
    return put(text_) && goes_on;
  }
  bool pass_time() { return put(view_.pass_time(clock_.monotonic_us())); }

  const std::string& last_event_id() const { return last_event_id_; }
  /// Before the stream is listened to anew: half a message is forgotten.
  void begin() { reader_ = SseReader(); }
  bool is_over() const { return left_ == 0 || printed_ != Printed::kAll; }
  int exit_code() const { return exit_after(printed_, kExitFound); }

 private:
  bool add(const SseReader::Message& message) {
    if (message.type == "lost") {
      const std::string lost = view_.draw_lost(read_count(message.data));
      if (is_terminal_) {
        text_ += lost;
      } else {
        print_note(lost);
      }
      return true;
    }
    last_event_id_ = message.id;
    if (is_json_) {
      text_.append(message.data).push_back('\n');
    } else {
      text_ += view_.draw(message.data, clock_.monotonic_us());
    }
    return --left_ > 0;
  }

  bool put(const std::string& text) {
    if (!text.empty() && printed_ == Printed::kAll) printed_ = print(text);
    return printed_ == Printed::kAll;
  }

  SystemClock clock_;
  TailView view_;
  SseReader reader_;
  const bool is_terminal_;
  const bool is_json_;
  std::string text_;
  std::string last_event_id_;
  uint64_t left_ = UINT64_MAX;
  Printed printed_ = Printed::kAll;
};

int run_tail(const Arguments& arguments) {
  const Result<ViewOptions> options = stdout_options(arguments);
  if (!options) return fail(kExitUsage, options.error().to_string());
  auto daemon = DaemonConnection::open(arguments);
  if (!daemon) return fail(kExitUsage, daemon.error().to_string());
  const uint64_t limit = limit_of(arguments);
  if (limit == 0) return fail(kExitUsage, "--limit: accepted: a number of events, at least 1");
  TailPrinter printer(arguments, *options);
  printer.set_limit(limit);
  const Parameters parameters = parameters_of(arguments);
  bool has_listened = false;
  bool is_away = false;
  while (true) {
    printer.begin();
    const Result<http::Response> end = (*daemon)->follow(
        "/v1/tail", parameters, printer.last_event_id(),
        {[&](const std::string& piece) {
           if (is_away) print_note("gasoline: the daemon is back\n");
           has_listened = true;
           is_away = false;
           return printer.take(piece);
         },
         [&] { return printer.pass_time(); }});
    if (printer.is_over()) return printer.exit_code();
    const bool may_come_back = !end || end->status == 200 || end->status == 503;
    if (!has_listened && !end) return fail(kExitDaemonAway, explain_away(**daemon, end.error()));
    if (!may_come_back) return explain_refusal(**daemon, *end);
    if (!is_away) print_note("gasoline: the daemon is away; going on when it is back\n");
    is_away = true;
    std::this_thread::sleep_for(kRetryAfter);
  }
}

}  // namespace

const Command kTailCommand = {
    "tail",
    "tail [ID] [options]",
    "Shows events as they arrive: all, or those that the options let through. With ID, those that\n"
    "carry it. Goes on until Ctrl-C, or for --limit events.",
    "  gasoline tail\n"
    "  gasoline tail --level warn --service shop\n"
    "  gasoline tail --ndjson | jq -r .message\n",
    kOptions,
    1,
    run_tail,
};

}  // namespace gasoline::cli
