#include "source/container/record_reader.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gasoline::source::container {
namespace {

constexpr size_t kHeaderBytes = 8;
constexpr size_t kPartBytes = 16 * 1024;
constexpr std::string_view kReading = "read a container's log";

/// Days from 1970-01-01. Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = year / 400;
  const int64_t of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

/// Takes exactly `digits` digits and, unless it is 0, `end` off the front.
bool take_digits(std::string_view& text, size_t digits, char end, int64_t& value) {
  if (text.size() < digits + (end != 0 ? 1 : 0)) return false;
  value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  if (end != 0 && text[digits] != end) return false;
  text.remove_prefix(digits + (end != 0 ? 1 : 0));
  return true;
}

/// Splits the stamp and its space off the front of a record.
std::optional<int64_t> take_time(std::string_view& text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto time_ns = parse_time_ns(text.substr(0, space));
  if (time_ns) text.remove_prefix(space + 1);
  return time_ns;
}

}  // namespace

std::optional<int64_t> parse_time_ns(std::string_view text) {
  int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool is_date = take_digits(text, 4, '-', year) && take_digits(text, 2, '-', month) &&
                       take_digits(text, 2, 'T', day) && take_digits(text, 2, ':', hour) &&
                       take_digits(text, 2, ':', minute) && take_digits(text, 2, 0, second);
  if (!is_date || year < 1970 || year > 2261 || month < 1 || month > 12 || text.empty()) {
    return std::nullopt;
  }
  int64_t fraction_ns = 0;
  if (text.front() == '.') {
    text.remove_prefix(1);
    int64_t unit = 100'000'000;
    size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      fraction_ns += (text[digits] - '0') * unit;
      unit /= 10;
    }
    text.remove_prefix(digits);
  }
  int64_t offset_s = 0;
  if (text != "Z") {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int64_t sign = text.front() == '+' ? 1 : -1;
    text.remove_prefix(1);
    int64_t hours = 0, minutes = 0;
    const bool is_offset = take_digits(text, 2, ':', hours) && take_digits(text, 2, 0, minutes);
    if (!is_offset || !text.empty()) return std::nullopt;
    offset_s = sign * (hours * 3600 + minutes * 60);
  }
  const int64_t seconds =
      days_from_civil(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second - offset_s;
  return seconds * 1'000'000'000 + fraction_ns;
}

Status RecordReader::feed(std::string_view bytes, const std::function<void(const Record&)>& take) {
  buffer_ += bytes;
  if (!has_terminal_) return take_frames(take);
  take_lines(take);
  return {};
}

Status RecordReader::take_frames(const std::function<void(const Record&)>& take) {
  size_t at = 0;
  while (buffer_.size() - at >= kHeaderBytes) {
    std::array<unsigned char, kHeaderBytes> header{};
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at), kHeaderBytes, header.begin());
    const size_t size = (size_t{header[4]} << 24) | (size_t{header[5]} << 16) |
                        (size_t{header[6]} << 8) | size_t{header[7]};
    if (header[0] > 2 || header[1] != 0 || header[2] != 0 || header[3] != 0) {
      return Error::of(Error::kInvalid, kReading, "a frame's head is malformed");
    }
    if (size > kFrameBytesMax) return Error::of(Error::kTooLarge, kReading, "a frame is too large");
    if (buffer_.size() - at - kHeaderBytes < size) break;
    Record record;
    record.is_stderr = header[0] == 2;
    record.text = std::string_view(buffer_).substr(at + kHeaderBytes, size);
    const auto time_ns = take_time(record.text);
    if (!time_ns) return Error::of(Error::kInvalid, kReading, "a record has no time");
    record.time_ns = *time_ns;
    take(record);
    at += kHeaderBytes + size;
  }
  buffer_.erase(0, at);
  return {};
}

void RecordReader::take_lines(const std::function<void(const Record&)>& take) {
  size_t at = 0;
  for (;;) {
    const std::string_view rest = std::string_view(buffer_).substr(at);
    const size_t end = rest.find('\n');
    if (end == std::string_view::npos && rest.size() < kTerminalLineBytesMax) break;
    const bool is_whole = end < kTerminalLineBytesMax;
    std::string_view line = rest.substr(0, is_whole ? end + 1 : kTerminalLineBytesMax);
    at += line.size();
    const std::string stamp(line.substr(0, std::min(line.find(' '), line.size())));
    Record record;
    const auto time_ns = long_line_ns_ == 0 ? take_time(line) : std::nullopt;
    record.time_ns = time_ns.value_or(long_line_ns_);
    long_line_ns_ = is_whole ? 0 : record.time_ns;
    // The stamp of each further part of 16 KiB stands where the part begins.
    std::string joined;
    while (time_ns && line.size() > kPartBytes + stamp.size() &&
           line.substr(kPartBytes).starts_with(stamp)) {
      joined += line.substr(0, kPartBytes);
      line.remove_prefix(kPartBytes + stamp.size() + 1);
    }
    joined += line;
    record.text = joined;
    take(record);
  }
  buffer_.erase(0, at);
}

}  // namespace gasoline::source::container
