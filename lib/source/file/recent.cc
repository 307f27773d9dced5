#include "source/file/recent.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "understand/printed_time.h"

namespace gasoline::source {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr uint64_t kReadWholeBytes = 1 << 20;
constexpr size_t kPlacesMax = 12;  // of a line, where a time may begin

/// Lines at a place of the file, and the first of them that shows a time.
class Lines {
 public:
  Lines(Content& content, int64_t now_us) : content_(content) {
    context_.reference_us = now_us;
    context_.zone = &zone_;
  }

  struct Timed {
    uint64_t offset;
    int64_t us;
  };

  /// The first timed line that begins at or behind `offset`, and within a piece.
  std::optional<Timed> timed_line_at(uint64_t offset) {
    const uint64_t from = offset == 0 ? 0 : offset - 1;
    const auto got = content_.read_at(from, piece_.data(), piece_.size());
    if (!got) return std::nullopt;
    const std::string_view bytes(piece_.data(), *got);
    size_t at = 0;
    if (offset > 0) {
      at = bytes.find('\n');
      if (at == std::string_view::npos) return std::nullopt;
      ++at;
    }
    while (at < bytes.size()) {
      const size_t end = std::min(bytes.find('\n', at), bytes.size());
      if (const auto us = time_of(bytes.substr(at, end - at))) return Timed{from + at, *us};
      at = end + 1;
    }
    return std::nullopt;
  }

 private:
  std::optional<int64_t> time_of(std::string_view line) {
    size_t at = 0;
    for (size_t places = 0; places < kPlacesMax && at < line.size(); ++places) {
      understand::PrintedTime time;
      if (understand::read_printed_time(line.substr(at), context_, time)) return time.us;
      at = line.find_first_of(" [\"'<>=:(", at);
      if (at == std::string_view::npos) break;
      at = line.find_first_not_of(" [\"'<>=:(", at);
    }
    return std::nullopt;
  }

  Content& content_;
  understand::LocalZone zone_ = understand::LocalZone::of_machine();
  understand::TimeContext context_;
  std::array<char, kPieceBytes> piece_;
};

}  // namespace

uint64_t find_recent(Content& content, uint64_t size_bytes, int64_t since_us, int64_t now_us) {
  Lines lines(content, now_us);
  const auto first = lines.timed_line_at(0);
  if (!first) return size_bytes <= kReadWholeBytes ? 0 : size_bytes;
  if (first->us >= since_us) return 0;
  // All before `low` is older; all from `high` on is not.
  uint64_t low = first->offset;
  uint64_t high = size_bytes;
  while (high - low > 1) {
    const uint64_t middle = low + (high - low) / 2;
    const auto line = lines.timed_line_at(middle);
    if (!line || line->offset >= high || line->us >= since_us) {
      high = middle;
    } else {
      low = line->offset;
    }
  }
  const auto line = lines.timed_line_at(high);
  return line ? line->offset : size_bytes;
}

}  // namespace gasoline::source
