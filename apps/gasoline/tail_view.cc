#include "tail_view.h"

#include <fmt/format.h>

namespace gasoline::cli {
namespace {

constexpr size_t kClockColumns = 12;

std::string events_of(uint64_t number) {
  return group_digits(number) + (number == 1 ? " event" : " events");
}

}  // namespace

std::string TailView::note(std::string_view text) const {
  return paint(fmt::format("{:>{}} {}", "!", kClockColumns, text), Colour::kYellow,
               options_.is_coloured) +
         "\n";
}

std::string TailView::draw(std::string_view event_json, int64_t now_us) {
  if (!options_.is_terminal) {
    const Result<TimelineAnswer::Event> event = read_event(event_json);
    return event ? plain_line(*event, options_.is_coloured) : std::string();
  }
  std::string text = pass_time(now_us);
  if (shown_in_frame_ >= kFrameEventsMax) {
    ++skipped_;
    return text;
  }
  const Result<TimelineAnswer::Event> event = read_event(event_json);
  if (!event) return text;
  ++shown_in_frame_;
  lanes_.add(*event);
  return text + lanes_.draw(*event, local_clock(event->timestamp_us), kClockColumns);
}

std::string TailView::pass_time(int64_t now_us) {
  const int64_t frame = now_us / kFrameUs;
  if (frame == frame_) return {};
  frame_ = frame;
  shown_in_frame_ = 0;
  if (skipped_ == 0) return {};
  std::string text = note(events_of(skipped_) + " skipped: too fast to read (a pipe gets all)");
  skipped_ = 0;
  return text;
}

std::string TailView::draw_lost(uint64_t events) const {
  const std::string text = events_of(events) + " lost: this reader was too slow";
  return options_.is_terminal ? note(text) : "gasoline: " + text + "\n";
}

}  // namespace gasoline::cli
