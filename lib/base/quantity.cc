#include "base/quantity.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace gasoline {
namespace {

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Unit, 4> kSizeUnits{
    {{"", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};
constexpr std::array<Unit, 4> kDurationUnits{
    {{"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}}};

template <size_t N>
bool parse_with_unit(std::string_view text, const std::array<Unit, N>& units, uint64_t limit,
                     uint64_t& value) {
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end == text.data()) return false;
  const std::string_view name = text.substr(static_cast<size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (number > limit / unit.factor) return false;
    value = number * unit.factor;
    return true;
  }
  return false;
}

}  // namespace

Result<uint64_t> parse_size_bytes(std::string_view text) {
  uint64_t value = 0;
  if (parse_with_unit(text, kSizeUnits, std::numeric_limits<int64_t>::max(), value)) return value;
  return Error::of(Error::kInvalid, fmt::format("read the size '{}'", text),
                   "expected a number of bytes or a number with KiB, MiB or GiB, such as 16MiB");
}

Result<int64_t> parse_duration_us(std::string_view text) {
  uint64_t value = 0;
  if (parse_with_unit(text, kDurationUnits, std::numeric_limits<int64_t>::max(), value)) {
    return static_cast<int64_t>(value);
  }
  return Error::of(Error::kInvalid, fmt::format("read the duration '{}'", text),
                   "expected a number with ms, s, m or h, such as 200ms or 2s");
}

// The bounds of a unit below are where one decimal would round up to the next: 1023.95 KiB is 1.0
// MiB.
std::string format_size_bytes(uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  size_t unit = 1;
  auto scaled = static_cast<double>(bytes) / 1024;
  for (; scaled >= 1023.95 && unit + 1 < kSizeUnits.size(); ++unit) scaled /= 1024;
  return fmt::format("{:.1f} {}", scaled, kSizeUnits[unit].name);
}

std::string format_duration_us(int64_t us) {
  const auto value = static_cast<double>(us);
  const double magnitude = std::abs(value);
  if (magnitude < 1000) return fmt::format("{} us", us);
  if (magnitude < 999.95e3) return fmt::format("{:.1f} ms", value / 1e3);
  if (magnitude < 59.95e6) return fmt::format("{:.1f} s", value / 1e6);
  if (magnitude < 59.95 * 60e6) return fmt::format("{:.1f} m", value / 60e6);
  return fmt::format("{:.1f} h", value / 3600e6);
}

}  // namespace gasoline
