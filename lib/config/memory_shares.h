#pragma once

#include <cstdint>

#include "config/settings.h"

namespace gasoline::config {

/// What the daemon's parts may use, in bytes, so that all together stay under memory.max:
///
///   memory.max   768 MiB    96 MiB is the least
///   ├ fixed       64 MiB    programs, compiled patterns, buffers of threads and sources, answers
///   └ the rest
///     ├ store    512 MiB    8/11: events at hand and their indexes, or what store.max_bytes says
///     └ bodies   192 MiB    3/11: requests that are not answered yet
///       └ queue   64 MiB    a third of that: what waits for the pipeline
struct MemoryShares {
  uint64_t store = 0;
  uint64_t bodies = 0;
  uint64_t queue = 0;
};

inline constexpr int64_t kFixedBytes = 64LL << 20;
/// Less would refuse a single large batch of a wrapper.
inline constexpr int64_t kBodiesBytesMin = 8LL << 20;

/// `settings` has passed its checks.
MemoryShares memory_shares(const Settings& settings);

/// The most that store.max_bytes may be.
int64_t store_bytes_limit(const Settings& settings);

}  // namespace gasoline::config
