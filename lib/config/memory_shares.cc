#include "config/memory_shares.h"

#include <algorithm>

namespace gasoline::config {

MemoryShares memory_shares(const Settings& settings) {
  const int64_t rest = std::max<int64_t>(settings.memory_bytes_max - kFixedBytes, 0);
  MemoryShares shares;
  const int64_t store = settings.store_bytes_max > 0 ? settings.store_bytes_max : rest / 11 * 8;
  const int64_t bodies = std::max(std::min(rest / 11 * 3, rest - store), kBodiesBytesMin);
  shares.store = static_cast<uint64_t>(store);
  shares.bodies = static_cast<uint64_t>(bodies);
  shares.queue = shares.bodies / 3;
  return shares;
}

int64_t store_bytes_limit(const Settings& settings) {
  return settings.memory_bytes_max - kFixedBytes - kBodiesBytesMin;
}

}  // namespace gasoline::config
