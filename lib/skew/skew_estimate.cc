#include "skew/skew_estimate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gasoline::skew {
namespace {

constexpr double kOutlierMads = 3 * 1.4826;
constexpr double kUnstableMs = 20;
constexpr double kSynchronizedMedianMs = 10;
constexpr double kSynchronizedStdDevMs = 5;
constexpr double kDetectedMs = 100;

/// Up to kSamplesMax numbers in rising order.
struct Sorted {
  std::array<double, kSamplesMax> values{};
  size_t size = 0;

  void add(double value) { values[size++] = value; }
  void sort() { std::sort(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size)); }
  /// Between neighbours, where the share falls between them.
  double quantile(double share) const {
    if (size == 0) return 0;
    const double at = share * static_cast<double>(size - 1);
    const auto low = static_cast<size_t>(at);
    const size_t high = std::min(low + 1, size - 1);
    return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
  }
  double median() const { return quantile(0.5); }
};

/// Those of `all` that are no outliers.
Sorted without_outliers(const Sorted& all) {
  const double median = all.median();
  Sorted distances;
  for (size_t i = 0; i < all.size; ++i) distances.add(std::abs(all.values[i] - median));
  distances.sort();
  const double limit = kOutlierMads * distances.median();
  Sorted kept;
  for (size_t i = 0; i < all.size; ++i) {
    if (std::abs(all.values[i] - median) <= limit) kept.add(all.values[i]);
  }
  return kept;
}

double std_dev_of(const Sorted& sorted) {
  if (sorted.size < 2) return 0;
  double sum = 0;
  for (size_t i = 0; i < sorted.size; ++i) sum += sorted.values[i];
  const double mean = sum / static_cast<double>(sorted.size);
  double squares = 0;
  for (size_t i = 0; i < sorted.size; ++i) {
    squares += (sorted.values[i] - mean) * (sorted.values[i] - mean);
  }
  return std::sqrt(squares / static_cast<double>(sorted.size - 1));
}

/// How many of the least, and of the greatest, of n samples lie outside the 95 % interval of the
/// median: the greatest l with 2 P(X < l) <= 5 % for X of n throws of a coin.
size_t samples_outside(size_t n) {
  double probability = std::pow(0.5, static_cast<double>(n));  // of exactly k heads
  double below = 0;
  size_t k = 0;
  while (2 * (below + probability) <= 0.05) {
    below += probability;
    probability *= static_cast<double>(n - k) / static_cast<double>(k + 1);
    ++k;
  }
  return k;
}

SkewStatus judge(const SkewEstimate& estimate) {
  if (estimate.samples < kSamplesMax) return SkewStatus::kInsufficientData;
  if (estimate.std_dev >= kUnstableMs) return SkewStatus::kUnstable;
  const double median = std::abs(estimate.median);
  if (median < kSynchronizedMedianMs && estimate.std_dev < kSynchronizedStdDevMs) {
    return SkewStatus::kSynchronized;
  }
  return median <= kDetectedMs ? SkewStatus::kDetected : SkewStatus::kLargeSkew;
}

}  // namespace

std::string_view to_string(SkewStatus status) noexcept {
  switch (status) {
    case SkewStatus::kInsufficientData:
      return "insufficient_data";
    case SkewStatus::kUnstable:
      return "unstable";
    case SkewStatus::kSynchronized:
      return "synchronized";
    case SkewStatus::kDetected:
      return "detected";
    case SkewStatus::kLargeSkew:
      return "large_skew";
  }
  return "insufficient_data";
}

SkewEstimate estimate_skew(std::span<const double> samples_ms) noexcept {
  if (samples_ms.size() > kSamplesMax) samples_ms = samples_ms.last(kSamplesMax);
  SkewEstimate estimate;
  estimate.samples = samples_ms.size();
  if (samples_ms.empty()) return estimate;
  Sorted all;
  for (const double sample : samples_ms) all.add(sample);
  all.sort();
  const Sorted kept = without_outliers(all);
  estimate.outliers = all.size - kept.size;
  estimate.median = kept.median();
  estimate.p50 = estimate.median;
  estimate.p95 = kept.quantile(0.95);
  estimate.p99 = kept.quantile(0.99);
  estimate.std_dev = std_dev_of(kept);
  const size_t outside = samples_outside(kept.size);
  const size_t low = outside == 0 ? 0 : outside - 1;
  estimate.ci95_low = kept.values[low];
  estimate.ci95_high = kept.values[kept.size - 1 - low];
  estimate.status = judge(estimate);
  return estimate;
}

}  // namespace gasoline::skew
