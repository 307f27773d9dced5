#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "skew/skew_estimate.h"

namespace gasoline::skew {

/// The last samples of every pair of clocks. Bounded; any thread.
///
/// A sample says by how many milliseconds `clock` is behind `reference`, with the time that the
/// message took from one to the other in it: a time of `clock` plus the estimate's median is that
/// of `reference`.
class SkewBook {
 public:
  static constexpr size_t kPairsMax = 256;  ///< beyond it the pair without news for longest goes
  static constexpr size_t kNameSizeMax = 128;
  static constexpr double kSampleMsMax = 7.0 * 24 * 3600 * 1000;  ///< beyond it is no skew

  struct Pair {
    std::string clock;
    std::string reference;
    int64_t last_sample_us = 0;  ///< when it came
    SkewEstimate estimate;
  };
  struct Counters {
    uint64_t samples = 0;
    uint64_t refused = 0;  ///< not finite, too large, or of a name that is too long or empty
    uint64_t pairs_dropped = 0;
  };

  void add(const std::string& clock, const std::string& reference, double sample_ms,
           int64_t now_us);
  /// All pairs, by name.
  std::vector<Pair> pairs() const;
  Counters counters() const;

 private:
  struct Ring {
    std::array<double, kSamplesMax> samples{};
    size_t size = 0;
    size_t next = 0;  // the oldest, once it is full
    int64_t last_sample_us = 0;
  };
  void make_way();

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Ring> rings_;  // guarded by mutex_
  Counters counters_;                                          // guarded by mutex_
};

}  // namespace gasoline::skew
