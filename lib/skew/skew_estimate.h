#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gasoline::skew {

/// Names the way in which estimates are made. Another way is another name.
///
/// Version 1: of the last 30 samples those further from their median than 3 x 1.4826 x MAD are left
/// out (MAD: the median of the distances from the median; 1.4826 makes it the standard deviation of
/// a normal distribution). The median and the percentiles are of the rest, interpolated between
/// neighbours; the standard deviation has n - 1 below the line. The 95 % confidence interval of the
/// median runs between two order statistics, by the binomial distribution: it supposes nothing
/// about the samples but that they are independent (Conover, Practical Nonparametric Statistics,
/// section 3.2).
inline constexpr std::string_view kAlgorithm = "median-mad30/1";
inline constexpr size_t kSamplesMax = 30;

/// Tested in this order.
enum class SkewStatus {
  kInsufficientData,  ///< fewer than 30 samples
  kUnstable,          ///< standard deviation >= 20 ms
  kSynchronized,      ///< |median| < 10 ms and standard deviation < 5 ms
  kDetected,          ///< |median| <= 100 ms
  kLargeSkew          ///< above
};

/// "insufficient_data" ... "large_skew".
std::string_view to_string(SkewStatus status) noexcept;

/// How far one clock is from another. All in milliseconds; zeros where there is no sample.
struct SkewEstimate {
  SkewStatus status = SkewStatus::kInsufficientData;
  size_t samples = 0;   ///< looked at, outliers among them
  size_t outliers = 0;  ///< left out
  double median = 0;
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
  double std_dev = 0;
  double ci95_low = 0;  ///< of the median; the least and the greatest sample where they are too few
  double ci95_high = 0;

  /// Good enough to move times by.
  bool can_correct() const {
    return status != SkewStatus::kInsufficientData && status != SkewStatus::kUnstable;
  }
};

/// Estimates from the last kSamplesMax of `samples_ms`, oldest first. Pure; allocates nothing.
SkewEstimate estimate_skew(std::span<const double> samples_ms) noexcept;

}  // namespace gasoline::skew
