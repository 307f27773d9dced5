#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"

namespace gasoline::test {

/// Bytes without meaning, about one in `line_size` of them an LF.
inline std::string noise(Random& random, size_t size, size_t line_size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    const uint64_t chance = random.next_u64();
    c = chance % line_size == 0 ? '\n' : static_cast<char>(chance >> 32);
  }
  return bytes;
}

inline uint64_t count_line_feeds(std::string_view bytes) {
  return static_cast<uint64_t>(std::count(bytes.begin(), bytes.end(), '\n'));
}

}  // namespace gasoline::test
