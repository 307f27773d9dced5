#pragma once

#include <cstdint>

namespace gasoline {

/// Where chance comes from, so that tests can seed it. Not thread-safe unless said otherwise.
class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t next_u64() = 0;
};

/// The kernel's generator. Thread-safe. For identities that must differ between machines and boots.
class SystemRandom final : public Random {
 public:
  uint64_t next_u64() override;
};

/// SplitMix64 (Steele, Lea, Flood 2014): repeatable from its seed. For tests and for jitter.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}
  uint64_t next_u64() override;

 private:
  uint64_t state_;
};

}  // namespace gasoline
