#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace gasoline::daemon {

struct Problem;

/// What is lost, refused or full, as counters tell it that only grow.
enum class Loss : uint8_t {
  kBadEvents,
  kBadBodies,
  kRefusedBodies,
  kLogFailures,
  kDamagedRecords,
  kConnections,
  kTimelines,
  kSearches,
  kTailReaders,
  kTailEvents,
  kHeldRefused,
  kHeldFailures,
  kSpools,
  kBelowFloor,
  kCount
};
inline constexpr size_t kLosses = static_cast<size_t>(Loss::kCount);

/// One row for each: what a person is told, with {} for the number, and what to do about it.
struct LossAdvice {
  std::string_view what;
  std::string_view remedy;
};
const LossAdvice& advice_on(Loss loss);

using LossCounts = std::array<uint64_t, kLosses>;

/// Remembers when a count was seen to have grown, so that what happened once does not stay a problem
/// for ever. One thread at a time.
class LossMemory {
 public:
  static constexpr int64_t kRecentUs = int64_t{3600} * 1'000'000;

  /// Adds a problem for each count that grew within kRecentUs before it is told, seen from when it
  /// was first asked for; `now_us` is the monotonic clock's.
  void add_problems(const LossCounts& counts, int64_t now_us, std::vector<Problem>& problems);

 private:
  LossCounts seen_{};
  std::array<int64_t, kLosses> grew_us_{};
};

}  // namespace gasoline::daemon
