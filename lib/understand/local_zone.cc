#include "understand/local_zone.h"

#include <ctime>

namespace gasoline::understand {

namespace {

constexpr int64_t kSecondUs = 1'000'000;

int64_t machine_offset_us(int64_t us) {
  const auto seconds = static_cast<std::time_t>(us / kSecondUs);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return 0;
  return static_cast<int64_t>(local.tm_gmtoff) * kSecondUs;
}

}  // namespace

int64_t LocalZone::offset_us_at(int64_t wall_us) {
  if (zone_) {
    const int64_t wall_s = wall_us / kSecondUs;
    return zone_->offset_s_at(wall_s - zone_->offset_s_at(wall_s)) * kSecondUs;
  }
  if (!is_machine_ || quarter_ == wall_us / kQuarterUs) return offset_us_;
  quarter_ = wall_us / kQuarterUs;
  offset_us_ = machine_offset_us(wall_us - machine_offset_us(wall_us));
  return offset_us_;
}

}  // namespace gasoline::understand
