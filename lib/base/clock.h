#pragma once

#include <cstdint>

namespace gasoline {

/// Where time comes from, so that tests can own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since the Unix epoch. May step in either direction.
  virtual int64_t wall_us() const = 0;
  /// Microseconds since an arbitrary start. Never steps back.
  virtual int64_t monotonic_us() const = 0;
};

/// The machine's clocks: CLOCK_REALTIME and CLOCK_MONOTONIC.
class SystemClock final : public Clock {
 public:
  int64_t wall_us() const override;
  int64_t monotonic_us() const override;
};

}  // namespace gasoline
