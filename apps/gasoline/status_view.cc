#include "status_view.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <cmath>
#include <string>

#include "base/quantity.h"
#include "terminal_text.h"

namespace gasoline::cli {
namespace {

using simdjson::dom::element;

constexpr double kQueueNearlyFull = 0.8;
constexpr uint64_t kBacklogShownBytes = 1 << 20;

std::string text_of(const element& object, std::string_view pointer) {
  std::string_view text;
  if (object.at_pointer(pointer).get(text) != simdjson::SUCCESS) return {};
  return make_safe(text, false);
}

uint64_t number_of(const element& object, std::string_view pointer) {
  uint64_t number = 0;
  return object.at_pointer(pointer).get(number) == simdjson::SUCCESS ? number : 0;
}

std::string joined(const element& object, const char* name) {
  std::string all;
  simdjson::dom::array array;
  if (object[name].get(array) != simdjson::SUCCESS) return all;
  for (const element each : array) {
    std::string_view text;
    if (each.get(text) != simdjson::SUCCESS) continue;
    if (!all.empty()) all += ", ";
    all += make_safe(text, false);
  }
  return all;
}

class StatusText {
 public:
  StatusText(const element& json, const ViewOptions& options) : json_(json), options_(options) {}

  std::string draw() {
    add_headline();
    add_facts();
    add_runs();
    add_clocks();
    add_following();
    add_problems();
    return std::move(text_);
  }

 private:
  void add_headline() {
    double uptime_s = 0;
    if (json_["uptime_s"].get(uptime_s) != simdjson::SUCCESS) uptime_s = 0;
    const std::string status = text_of(json_, "/status");
    const bool is_well = status == "ok";
    std::string state = "is well";
    if (status == "starting") state = "is starting: it takes events and brings the old ones back";
    if (status == "degraded") state = "runs, but something is wrong";
    text_ += fmt::format("{}\n",
                         paint(fmt::format("gasolined {} {}", text_of(json_, "/version"), state),
                               is_well ? Colour::kGreen : Colour::kYellow, options_.is_coloured));
    add("process", fmt::format("pid {}, up for {}", number_of(json_, "/pid"),
                               format_duration_us(static_cast<int64_t>(uptime_s * 1e6))));
  }

  /// Clocks that were compared often enough to say something.
  void add_clocks() {
    simdjson::dom::array pairs;
    if (json_["clock_skew"]["pairs"].get(pairs) != simdjson::SUCCESS) return;
    for (const element pair : pairs) {
      const std::string status = text_of(pair, "/status");
      if (status == "insufficient_data") continue;
      double median_ms = 0;
      if (pair["median_ms"].get(median_ms) != simdjson::SUCCESS) continue;
      const std::string judged = status == "synchronized" ? "in step with"
                                 : status == "unstable"   ? "of changing distance to"
                                 : median_ms >= 0         ? "behind"
                                                          : "ahead of";
      std::string text = fmt::format("{} is {} {}", text_of(pair, "/clock"), judged,
                                     text_of(pair, "/reference"));
      if (status == "detected" || status == "large_skew") {
        text += fmt::format(" by {:.0f} ms", std::abs(median_ms));
      }
      add("clocks", text);
    }
  }

  /// What the sources follow: a line for each source, and one for each file that is not well.
  void add_following() {
    simdjson::dom::array sources;
    if (json_["following"].get(sources) != simdjson::SUCCESS) return;
    for (const element source : sources) {
      const std::string note = text_of(source, "/note");
      add("follows", fmt::format("{}: {}, {} taken{}", text_of(source, "/name"),
                                 count_of(number_of(source, "/count"), text_of(source, "/type")),
                                 count_of(number_of(source, "/lines"), "line"),
                                 note.empty() ? "" : " (" + note + ")"));
      simdjson::dom::array followed;
      if (source["followed"].get(followed) != simdjson::SUCCESS) continue;
      for (const element each : followed) {
        const uint64_t offset = number_of(each, "/offset_bytes");
        const uint64_t size = number_of(each, "/size_bytes");
        const std::string state = text_of(each, "/state");
        if (state == "waiting") {
          add("", fmt::format("{}: {}", text_of(each, "/name"), text_of(each, "/problem")));
        } else if (state == "following" && size > offset + kBacklogShownBytes) {
          add("", fmt::format("{}: {} still to read", text_of(each, "/name"),
                              format_size_bytes(size - offset)));
        }
      }
    }
  }

  void add_facts() {
    const std::string addresses = joined(json_, "addresses");
    const std::string socket = text_of(json_, "/socket");
    add("listens on",
        addresses.empty() ? socket : addresses + (socket.empty() ? "" : ", " + socket));
    add("in memory",
        fmt::format("{} of {} ({})", count_of(number_of(json_, "/store/events"), "event"),
                    count_of(number_of(json_, "/store/sources"), "source"),
                    format_size_bytes(number_of(json_, "/store/resident_bytes"))));
    add("on disk",
        fmt::format("{} of {} in {}", format_size_bytes(number_of(json_, "/event_log/bytes")),
                    format_size_bytes(number_of(json_, "/event_log/bytes_max")),
                    text_of(json_, "/event_log/directory")));
    const uint64_t evicted = number_of(json_, "/store/evicted_by_count") +
                             number_of(json_, "/store/evicted_by_bytes") +
                             number_of(json_, "/store/evicted_by_ttl");
    if (evicted > 0) add("pushed out", count_of(evicted, "old event") + " (a normal thing)");
    if (const uint64_t adopted = number_of(json_, "/adoption/events"); adopted > 0) {
      add("adopted", count_of(adopted, "event") + " that ended runs had left behind");
    }
  }

  /// Those whose gasoline-run was killed: the rest have a terminal that shows them.
  void add_runs() {
    simdjson::dom::array runs;
    if (json_["runs"]["taken_over"].get(runs) != simdjson::SUCCESS) return;
    for (const element run : runs) {
      const std::string id = text_of(run, "/run_id");
      add("taken over", fmt::format("run {} ({}); end it: gasoline run end {}", id,
                                    text_of(run, "/service"), id));
    }
  }

  void add_problems() {
    simdjson::dom::array problems;
    if (json_["problems"].get(problems) == simdjson::SUCCESS) {
      for (const element each : problems) {
        add_problem(text_of(each, "/what"), text_of(each, "/remedy"));
      }
    }
    const auto queued = static_cast<double>(number_of(json_, "/pipeline/queued_bytes"));
    const auto queued_max = static_cast<double>(number_of(json_, "/pipeline/queued_bytes_max"));
    if (queued_max > 0 && queued / queued_max >= kQueueNearlyFull) {
      add_problem(
          "events come faster than they are taken in: the queue is nearly full",
          "senders wait and nothing is lost; quieten the busiest source ('gasoline sources')");
    }
    if (count_ == 0) add("problems", "none");
  }

  void add_problem(const std::string& what, const std::string& remedy) {
    ++count_;
    text_ +=
        paint(fmt::format("  wrong:       {}", what), Colour::kRed, options_.is_coloured) + "\n";
    if (!remedy.empty()) text_ += fmt::format("  what to do:  {}\n", remedy);
  }

  void add(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    text_ +=
        fmt::format("  {}{}\n", paint(pad(name, 13), Colour::kDim, options_.is_coloured), value);
  }

  const element& json_;
  const ViewOptions& options_;
  std::string text_;
  int count_ = 0;
};

/// "secrets_masked" -> "secrets masked"
std::string in_words(std::string_view name) {
  std::string words = make_safe(name, false);
  for (char& c : words) c = c == '_' ? ' ' : c;
  return words;
}

std::string draw_stats(const element& json, const ViewOptions& options) {
  std::string text;
  simdjson::dom::object members;
  if (json.get(members) != simdjson::SUCCESS) return text;
  for (const auto member : members) {
    uint64_t number = 0;
    if (member.value.get(number) != simdjson::SUCCESS) continue;
    text += options.is_terminal
                ? fmt::format("{}{:>16}\n", pad(in_words(member.key), 20), group_digits(number))
                : fmt::format("{} {}\n", make_safe(member.key, false), number);
  }
  return text;
}

template <typename Draw>
Result<View> render(std::string_view json, Draw draw) {
  const char* why = "it is no JSON object";
  try {
    simdjson::dom::parser parser;
    element document;
    const simdjson::error_code error = parser.parse(json.data(), json.size(), true).get(document);
    if (error == simdjson::SUCCESS && document.is_object()) {
      View view;
      view.text = draw(document);
      view.found = true;
      return view;
    }
    if (error != simdjson::SUCCESS) why = simdjson::error_message(error);
  } catch (const std::exception&) {
    why = "out of memory";
  }
  return Error::of(Error::kInvalid, "read the daemon's answer", why);
}

}  // namespace

Result<View> render_status(std::string_view json, const ViewOptions& options) {
  return render(json, [&](const element& status) { return StatusText(status, options).draw(); });
}

Result<View> render_stats(std::string_view json, const ViewOptions& options) {
  return render(json, [&](const element& stats) { return draw_stats(stats, options); });
}

}  // namespace gasoline::cli
