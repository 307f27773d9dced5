#include "source/retry.h"

#include <algorithm>

namespace gasoline::source {

int64_t Retry::fail(int64_t now_us) {
  ++failures_;
  if (!is_open()) return now_us + (failures_ == 1 ? kFirstUs : kThenUs);
  const int64_t tenth_us = breaker_us_ / 10;
  const auto spread = static_cast<uint64_t>(2 * tenth_us + 1);
  const int64_t jitter_us = static_cast<int64_t>(random_.next_u64() % spread) - tenth_us;
  const int64_t wait_us = breaker_us_ + jitter_us;
  breaker_us_ = std::min(2 * breaker_us_, kBreakerMaxUs);
  return now_us + wait_us;
}

void Retry::succeed() {
  failures_ = 0;
  breaker_us_ = kBreakerFirstUs;
}

}  // namespace gasoline::source
