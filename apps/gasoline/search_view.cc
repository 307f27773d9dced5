#include "search_view.h"

#include <fmt/format.h>

namespace gasoline::cli {
namespace {

constexpr size_t kClockColumns = 12;
constexpr size_t kDayColumns = 10;

}  // namespace

std::string SearchView::draw(const TimelineAnswer& page) {
  events_ += page.events.size();
  std::string text;
  for (const TimelineAnswer::Event& event : page.events) {
    if (!options_.is_terminal) {
      text += plain_line(event, options_.is_coloured);
      continue;
    }
    const std::string time = local_time(event.timestamp_us);
    if (const std::string day = time.substr(0, kDayColumns); day != day_) {
      day_ = day;
      text += paint(day, Colour::kBold, options_.is_coloured) + "\n";
    }
    lanes_.add(event);
    text += lanes_.draw(event, local_clock(event.timestamp_us), kClockColumns);
  }
  return text;
}

std::string SearchView::notes(const TimelineAnswer& last) const {
  std::string notes;
  if (!last.candidates.empty()) {
    notes += "the id is too short to be unique; ask for one of these:\n";
    for (const std::string& each : last.candidates) notes += "  " + make_safe(each, false) + "\n";
  } else if (events_ == 0 && last.next_cursor.empty()) {
    notes += "nothing found\n";
  }
  for (const TimelineAnswer::Truncation& each : last.truncated) {
    notes += fmt::format("{}: lines before {} were pushed out of memory and were not searched\n",
                         make_safe(each.source, false), local_time(each.before_us));
  }
  if (!last.next_cursor.empty()) {
    notes += fmt::format("{}: --limit for more, or --cursor {}\n",
                         last.has_stopped_early ? "the rest was not searched" : "there are more",
                         last.next_cursor);
  }
  return notes;
}

}  // namespace gasoline::cli
