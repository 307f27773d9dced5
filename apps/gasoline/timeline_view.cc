#include "timeline_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include "answer_reader.h"
#include "base/quantity.h"
#include "event_text.h"
#include "event/time_text.h"
#include "terminal_text.h"

namespace gasoline::cli {
namespace {

using Event = TimelineAnswer::Event;
using Gap = TimelineAnswer::Gap;

constexpr size_t kTimeColumns = 11;
std::string gap_note(const Gap& gap) {
  const std::string lines = gap.lines == 0 ? "lines" : count_of(gap.lines, "line");
  std::string note = fmt::format("{} of {} {} not captured", lines, make_safe(gap.source, false),
                                 gap.lines == 1 ? "was" : "were");
  if (gap.bytes > 0) note += fmt::format(" ({})", format_size_bytes(gap.bytes));
  if (gap.to_us > gap.from_us) {
    note += fmt::format(" within {}", format_duration_us(gap.to_us - gap.from_us));
  }
  if (!gap.reason.empty()) note += ": " + make_safe(gap.reason, false);
  return note;
}

std::string truncation_note(const TimelineAnswer::Truncation& truncated, bool is_local) {
  return fmt::format(
      "{}: lines before {} may be missing, they were pushed out of memory",
      make_safe(truncated.source, false),
      is_local ? local_time(truncated.before_us) : event::format_rfc3339(truncated.before_us));
}

std::string more_note(const TimelineAnswer& answer) {
  return fmt::format("more follows: --all for the rest, or --cursor {}", answer.next_cursor);
}

std::string candidates_note(const TimelineAnswer& answer) {
  std::string id =
      answer.ids.empty() ? "this id" : "'" + make_safe(answer.ids.front(), false) + "'";
  return id + " is too short to be unique: it was used in several places. Ask for one of these:";
}

/// Clocks that differ by more than they should, and events that two requests fit.
std::vector<std::string> remarks(const TimelineAnswer& answer) {
  std::vector<std::string> notes;
  for (const TimelineAnswer::Skew& skew : answer.skews) {
    if (skew.status == "unstable") {
      notes.push_back(make_safe(skew.clock, false) + ": its clock cannot be compared with " +
                      make_safe(skew.reference, false) + ", the difference changes too much");
    }
    if (skew.status != "detected" && skew.status != "large_skew") continue;
    notes.push_back(fmt::format(
        "the clock of {} is {:.0f} ms {} {} ({:.0f} to {:.0f} ms, with the time on the way): {}",
        make_safe(skew.clock, false), std::abs(skew.median_ms),
        skew.median_ms >= 0 ? "behind" : "ahead of", make_safe(skew.reference, false),
        std::min(std::abs(skew.ci_low_ms), std::abs(skew.ci_high_ms)),
        std::max(std::abs(skew.ci_low_ms), std::abs(skew.ci_high_ms)),
        answer.is_corrected ? "times are corrected" : "--correct-skew orders by corrected times"));
  }
  if (!answer.inference_gave_up.empty()) {
    notes.push_back("nothing was inferred: " + make_safe(answer.inference_gave_up, false));
  }
  if (answer.inferences_refused > 0) {
    notes.push_back(count_of(answer.inferences_refused, "line") +
                    " without an id could as well be another request's, and left out");
  }
  return notes;
}

/// Draws one answer for a person.
class TerminalTimeline {
 public:
  TerminalTimeline(const TimelineAnswer& answer, const ViewOptions& options)
      : answer_(answer), options_(options), lanes_(options) {
    for (const Event& event : answer.events) lanes_.add(event);
  }

  std::string draw() {
    add_header();
    auto gap = answer_.gaps.begin();
    for (const Event& event : answer_.events) {
      while (gap != answer_.gaps.end() && gap->from_us < event.timestamp_us) add_gap(*gap++);
      add_event(event);
    }
    while (gap != answer_.gaps.end()) add_gap(*gap++);
    if (!answer_.next_cursor.empty()) add_note(more_note(answer_), Colour::kDim);
    return std::move(text_);
  }

 private:
  void add_header() {
    const int64_t first_us = answer_.events.front().timestamp_us;
    const int64_t span_us = answer_.events.back().timestamp_us - first_us;
    std::string title = "timeline";
    if (!answer_.ids.empty()) title = make_safe(answer_.ids.front(), false);
    const std::string counts =
        fmt::format("{}, {}, {}", count_of(answer_.events.size(), "event"),
                    count_of(std::max<size_t>(answer_.sources.size(), 1), "source"),
                    format_duration_us(span_us));
    const bool fits = display_width(title) + 2 + display_width(counts) <= options_.width;
    text_ +=
        paint(title, Colour::kBold, options_.is_coloured) + (fits ? "  " : "\n") + counts + "\n";
    std::string second = "from " + local_time(first_us);
    for (size_t i = 1; i < answer_.ids.size(); ++i) {
      second += (i == 1 ? ", with " : ", ") + make_safe(answer_.ids[i], false);
    }
    for (const std::string& line : wrap(second, options_.width)) {
      text_ += paint(line, Colour::kDim, options_.is_coloured) + "\n";
    }
    for (const TimelineAnswer::Truncation& each : answer_.truncated) {
      add_note(truncation_note(each, true), Colour::kYellow);
    }
    for (const std::string& each : remarks(answer_)) add_note(each, Colour::kYellow);
  }

  void add_event(const Event& event) {
    const std::string time = fmt::format(
        "{:>{}}", format_relative(event.timestamp_us - answer_.events.front().timestamp_us),
        kTimeColumns);
    text_ += lanes_.draw(event, time, kTimeColumns);
  }

  void add_gap(const Gap& gap) { add_note(gap_note(gap), Colour::kYellow); }

  void add_note(const std::string& note, Colour colour) {
    std::string mark = fmt::format("{:>{}} ", "!", kTimeColumns);
    const size_t columns = options_.width > mark.size() ? options_.width - mark.size() : 1;
    for (const std::string& line : wrap(note, columns)) {
      text_ += paint(mark + line, colour, options_.is_coloured) + "\n";
      mark.assign(mark.size(), ' ');
    }
  }

  const TimelineAnswer& answer_;
  const ViewOptions& options_;
  LaneText lanes_;
  std::string text_;
};

void draw_plain(const TimelineAnswer& answer, const ViewOptions& options, View& view) {
  for (const Event& event : answer.events) view.text += plain_line(event, options.is_coloured);
  for (const TimelineAnswer::Truncation& each : answer.truncated) {
    view.notes += truncation_note(each, false) + "\n";
  }
  for (const std::string& each : remarks(answer)) view.notes += each + "\n";
  for (const Gap& gap : answer.gaps) {
    view.notes += event::format_rfc3339(gap.from_us) + " " + gap_note(gap) + "\n";
  }
  if (!answer.next_cursor.empty()) view.notes += more_note(answer) + "\n";
}

template <typename Element>
void append_new(std::vector<Element>& to, std::vector<Element>& from) {
  for (Element& each : from) {
    if (std::find(to.begin(), to.end(), each) == to.end()) to.push_back(std::move(each));
  }
}

/// Pages tell of their own events; ids, gaps and what is truncated may be told by several.
void append_page(TimelineAnswer& answer, TimelineAnswer&& page) {
  std::move(page.events.begin(), page.events.end(), std::back_inserter(answer.events));
  for (TimelineAnswer::Source& source : page.sources) {
    const auto known = std::find_if(answer.sources.begin(), answer.sources.end(),
                                    [&](const auto& each) { return each.source == source.source; });
    if (known == answer.sources.end()) {
      answer.sources.push_back(std::move(source));
    } else {
      known->events += source.events;
    }
  }
  append_new(answer.ids, page.ids);
  append_new(answer.gaps, page.gaps);
  append_new(answer.truncated, page.truncated);
  append_new(answer.candidates, page.candidates);
  append_new(answer.skews, page.skews);
  answer.is_corrected = answer.is_corrected || page.is_corrected;
  answer.inferences_refused += page.inferences_refused;
  if (answer.inference_gave_up.empty()) answer.inference_gave_up = page.inference_gave_up;
  answer.next_cursor = std::move(page.next_cursor);
}

void draw_nothing(const TimelineAnswer& answer, View& view) {
  if (!answer.candidates.empty()) {
    view.notes += candidates_note(answer) + "\n";
    for (const std::string& each : answer.candidates) view.text += make_safe(each, false) + "\n";
    return;
  }
  view.notes += answer.ids.empty()
                    ? std::string("nothing found")
                    : "nothing found for '" + make_safe(answer.ids.front(), false) + "'";
  view.notes += "\n";
  for (const TimelineAnswer::Truncation& each : answer.truncated) {
    view.notes += truncation_note(each, false) + "\n";
  }
}

}  // namespace

std::string format_relative(long long us) {
  const char sign = us < 0 ? '-' : '+';
  const auto ms = static_cast<double>(std::llabs(us)) / 1000;
  if (ms < 9999.95) return fmt::format("{}{:.1f} ms", sign, ms);
  if (ms < 600'000) return fmt::format("{}{:.3f} s", sign, ms / 1000);
  const auto minutes = static_cast<long long>(ms / 60'000);
  return fmt::format("{}{} m {:02.0f} s", sign, minutes,
                     std::min(59.0, ms / 1000 - static_cast<double>(minutes) * 60));
}

Result<View> render_timeline(std::span<const std::string> pages, const ViewOptions& options) {
  Result<TimelineAnswer> answer = TimelineAnswer{};
  for (const std::string& page : pages) {
    Result<TimelineAnswer> next = read_timeline_answer(page);
    if (!next) return next.error();
    append_page(*answer, std::move(*next));
  }
  View view;
  view.found = !answer->events.empty();
  if (!view.found) {
    draw_nothing(*answer, view);
  } else if (options.is_terminal) {
    view.text = TerminalTimeline(*answer, options).draw();
  } else {
    draw_plain(*answer, options, view);
  }
  return view;
}

}  // namespace gasoline::cli
