#pragma once

#include <cstdint>

#include "base/random.h"

namespace gasoline::source {

/// When to try again what failed.
///
///     1st failure: after 0.5 s; then every 1 s; from the 10th: a breaker, 5 s doubling to 120 s,
///     each time +-10 % by chance, so that many who lost the same network do not return as one.
///
/// Knows no clock: times are monotonic microseconds of the caller. One thread.
class Retry {
 public:
  static constexpr int64_t kFirstUs = 500'000;
  static constexpr int64_t kThenUs = 1'000'000;
  static constexpr uint32_t kFailuresBeforeBreaker = 10;
  static constexpr int64_t kBreakerFirstUs = 5'000'000;
  static constexpr int64_t kBreakerMaxUs = 120'000'000;

  explicit Retry(uint64_t seed) : random_(seed) {}

  /// Counts a failure; returns when to try next.
  int64_t fail(int64_t now_us);
  /// It worked: forgets the failures.
  void succeed();

  uint32_t failures() const { return failures_; }
  /// True while waits are those of the breaker.
  bool is_open() const { return failures_ >= kFailuresBeforeBreaker; }

 private:
  SeededRandom random_;
  uint32_t failures_ = 0;
  int64_t breaker_us_ = kBreakerFirstUs;
};

}  // namespace gasoline::source
