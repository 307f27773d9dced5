#include "event_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "event/time_text.h"

namespace gasoline::cli {
namespace {

using Event = TimelineAnswer::Event;

constexpr size_t kLaneColumnsMax = 24;
constexpr size_t kLanesMax = 1000;
constexpr size_t kLevelColumns = 5;
constexpr size_t kMessageColumnsMin = 20;
constexpr size_t kContinuationLinesMax = 200;
constexpr std::array<Colour, 5> kLaneColours = {Colour::kCyan, Colour::kGreen, Colour::kMagenta,
                                                Colour::kBlue, Colour::kYellow};

std::string_view level_word(std::string_view level) {
  if (level == "debug") return "DEBUG";
  if (level == "warn") return "WARN";
  if (level == "error") return "ERROR";
  if (level == "critical") return "CRIT";
  return "INFO";
}

Colour level_colour(std::string_view level) {
  if (level == "debug") return Colour::kDim;
  if (level == "warn") return Colour::kYellow;
  if (level == "error") return Colour::kRed;
  if (level == "critical") return Colour::kBoldRed;
  return Colour::kNone;
}

/// "auth"; "auth/stderr" for what is not simply said on stdout.
std::string lane_of(const Event& event) {
  if (event.service.empty()) return event.source;
  if (event.source == "stdout") return event.service;
  return event.service + "/" + event.source;
}

std::string formatted(int64_t us, const char* format) {
  const std::time_t seconds = us / 1'000'000;
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return event::format_rfc3339(us);
  std::array<char, 64> text{};
  std::strftime(text.data(), text.size(), format, &parts);
  return text.data();
}

/// Never mixed in silently: not where there is no colour either.
std::string inferred_mark(const Event& event) {
  if (event.confidence <= 0) return {};
  return fmt::format("(inferred, {:.0f} %) ", event.confidence * 100);
}

}  // namespace

std::string local_time(int64_t us) {
  return fmt::format("{}.{:03} {}", formatted(us, "%Y-%m-%d %H:%M:%S"), us / 1000 % 1000,
                     formatted(us, "%Z"));
}

std::string local_clock(int64_t us) {
  return fmt::format("{}.{:03}", formatted(us, "%H:%M:%S"), us / 1000 % 1000);
}

std::string plain_line(const Event& event, bool is_coloured) {
  return fmt::format(
      "{} {} {} {} {}\n", event::format_rfc3339(event.timestamp_us),
      paint(fmt::format("{:<5}", level_word(event.level)), level_colour(event.level), is_coloured),
      event.service.empty() ? "-" : make_safe(event.service, false), event.source,
      inferred_mark(event) + make_safe(event.message, false));
}

std::string LaneText::name_of(const Event& event) const {
  return cut_to_width(make_safe(lane_of(event), false), kLaneColumnsMax);
}

Colour LaneText::colour_of(const std::string& lane) const {
  const auto at = std::find(lanes_.begin(), lanes_.end(), lane) - lanes_.begin();
  return kLaneColours[static_cast<size_t>(at) % kLaneColours.size()];
}

void LaneText::add(const Event& event) {
  std::string lane = name_of(event);
  lane_columns_ = std::max(lane_columns_, display_width(lane));
  if (lanes_.size() >= kLanesMax) return;
  if (std::find(lanes_.begin(), lanes_.end(), lane) == lanes_.end()) {
    lanes_.push_back(std::move(lane));
  }
}

std::string LaneText::draw(const Event& event, std::string_view time, size_t time_columns) {
  const std::string lane = name_of(event);
  const bool is_coloured = options_.is_coloured;
  const std::string prefix =
      fmt::format("{} {} {} ", paint(time, Colour::kDim, is_coloured),
                  paint(pad(lane, lane_columns_), colour_of(lane), is_coloured),
                  paint(fmt::format("{:<5}", level_word(event.level)), level_colour(event.level),
                        is_coloured));
  const size_t indent = time_columns + lane_columns_ + kLevelColumns + 3;
  const size_t columns =
      std::max(options_.width > indent ? options_.width - indent : 0, kMessageColumnsMin);
  const bool has_colour =
      event.level == "debug" || event.level == "error" || event.level == "critical";
  const bool is_inferred = event.confidence > 0;
  const Colour colour = is_inferred  ? Colour::kDim
                        : has_colour ? level_colour(event.level)
                                     : Colour::kNone;
  const std::string message = inferred_mark(event) + make_safe(event.message, true);
  std::string_view rest = message;
  std::string text;
  for (size_t i = 0; i < kContinuationLinesMax; ++i) {
    const size_t end = rest.find('\n');
    std::string line(rest.substr(0, end));
    const bool is_last = end == std::string_view::npos || end + 1 == rest.size();
    if (is_last && event.is_partial) line += " …";
    if (!options_.is_whole) line = cut_to_width(line, columns);
    text += (i == 0 ? prefix : std::string(indent, ' ')) + paint(line, colour, is_coloured) + "\n";
    if (is_last) break;
    rest.remove_prefix(end + 1);
  }
  return text;
}

}  // namespace gasoline::cli
