#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace gasoline::test {

/// A fresh seed for a random test, or the one of GASOLINE_TEST_SEED, to repeat a failure. Whoever
/// takes it prints it with INFO.
inline uint64_t new_seed() {
  if (const char* text = std::getenv("GASOLINE_TEST_SEED")) return std::strtoull(text, nullptr, 10);
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

inline std::string seed_note(uint64_t seed) {
  return "GASOLINE_TEST_SEED=" + std::to_string(seed);
}

}  // namespace gasoline::test
