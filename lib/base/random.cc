#include "base/random.h"

#include <sys/random.h>

#include "base/assert.h"

namespace gasoline {

uint64_t SystemRandom::next_u64() {
  uint64_t value = 0;
  const ssize_t got = getrandom(&value, sizeof value, 0);
  GASOLINE_ASSERT(got == static_cast<ssize_t>(sizeof value));
  return value;
}

uint64_t SeededRandom::next_u64() {
  state_ += 0x9E3779B97F4A7C15;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace gasoline
