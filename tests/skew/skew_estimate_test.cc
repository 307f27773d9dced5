#include "skew/skew_estimate.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "base/random.h"

namespace gasoline::skew {
namespace {

constexpr int kCases = 1000;

/// A clock whose true offset and noise are known.
class Synthetic {
 public:
  explicit Synthetic(uint64_t seed) : random_(seed) {}

  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(random_.next_u64() >> 11) * 0x1p-53);
  }
  /// Box and Muller's.
  double normal(double std_dev) {
    return std_dev * std::sqrt(-2 * std::log(1 - uniform(0, 1))) * std::cos(uniform(0, 6.283185307));
  }
  double sign() { return random_.next_u64() % 2 == 0 ? 1 : -1; }

 private:
  SeededRandom random_;
};

/// What a window of samples truly is.
struct Truth {
  std::vector<double> samples;
  double median = 0;
  double std_dev = 0;  ///< of the samples that are no outliers
};

/// By the definition, from what is known instead of what was seen.
SkewStatus true_status(const Truth& truth) {
  if (truth.std_dev >= 20) return SkewStatus::kUnstable;
  if (std::abs(truth.median) < 10 && truth.std_dev < 5) return SkewStatus::kSynchronized;
  return std::abs(truth.median) <= 100 ? SkewStatus::kDetected : SkewStatus::kLargeSkew;
}

/// An offset and a noise with some distance from where one status becomes another: there no 30
/// samples can tell.
double clear_offset(Synthetic& clock) {
  const double kinds[] = {clock.uniform(0, 7), clock.uniform(14, 92), clock.uniform(110, 5000)};
  return clock.sign() * kinds[static_cast<size_t>(clock.uniform(0, 3))];
}
double clear_noise(Synthetic& clock) {
  const double kinds[] = {clock.uniform(0.1, 3.2), clock.uniform(7.5, 13), clock.uniform(32, 80)};
  return kinds[static_cast<size_t>(clock.uniform(0, 3))];
}

void check_rates(uint64_t first_seed, const std::function<Truth(Synthetic&)>& make) {
  int right = 0;
  int covered = 0;
  for (int i = 0; i < kCases; ++i) {
    Synthetic clock(first_seed + static_cast<uint64_t>(i));
    const Truth truth = make(clock);
    REQUIRE(truth.samples.size() == kSamplesMax);
    const SkewEstimate estimate = estimate_skew(truth.samples);
    if (estimate.status == true_status(truth)) ++right;
    if (estimate.ci95_low <= truth.median && truth.median <= estimate.ci95_high) ++covered;
    REQUIRE(estimate.ci95_low <= estimate.median);
    REQUIRE(estimate.median <= estimate.ci95_high);
    REQUIRE(estimate.p50 == estimate.median);
    REQUIRE(estimate.p50 <= estimate.p95);
    REQUIRE(estimate.p95 <= estimate.p99);
  }
  CAPTURE(first_seed, right, covered);
  CHECK(right >= 970);
  CHECK(covered >= 920);
}

TEST_CASE("a constant offset is reported right, and its interval covers it") {
  check_rates(1'000'000, [](Synthetic& clock) {
    Truth truth;
    truth.median = clear_offset(clock);
    truth.std_dev = clock.uniform(0.1, 1);
    for (size_t i = 0; i < kSamplesMax; ++i) {
      truth.samples.push_back(truth.median + clock.normal(truth.std_dev));
    }
    return truth;
  });
}

TEST_CASE("drift is reported by its offset at the window's middle") {
  check_rates(2'000'000, [](Synthetic& clock) {
    Truth truth;
    truth.median = clear_offset(clock);
    const double total = clock.sign() * clock.uniform(0, 10);
    const double noise = clock.uniform(0.1, 1);
    truth.std_dev = std::sqrt(noise * noise + total * total / 12);
    for (size_t i = 0; i < kSamplesMax; ++i) {
      const double share = static_cast<double>(i) / (kSamplesMax - 1) - 0.5;
      truth.samples.push_back(truth.median + share * total + clock.normal(noise));
    }
    return truth;
  });
}

TEST_CASE("jitter of any size is reported right") {
  check_rates(3'000'000, [](Synthetic& clock) {
    Truth truth;
    truth.std_dev = clear_noise(clock);
    // The sample's median is uncertain by a quarter of the noise: further from the borders.
    do {
      truth.median = clear_offset(clock);
    } while (std::min(std::abs(std::abs(truth.median) - 10),
                      std::abs(std::abs(truth.median) - 100)) < truth.std_dev);
    for (size_t i = 0; i < kSamplesMax; ++i) {
      truth.samples.push_back(truth.median + clock.normal(truth.std_dev));
    }
    return truth;
  });
}

TEST_CASE("outliers are left out") {
  check_rates(4'000'000, [](Synthetic& clock) {
    Truth truth;
    truth.median = clear_offset(clock);
    truth.std_dev = clock.uniform(0.1, 2);
    for (size_t i = 0; i < kSamplesMax; ++i) {
      truth.samples.push_back(truth.median + clock.normal(truth.std_dev));
    }
    for (auto left = static_cast<int>(clock.uniform(1, 7)); left > 0; --left) {
      truth.samples[static_cast<size_t>(clock.uniform(0, kSamplesMax))] =
          truth.median + clock.sign() * clock.uniform(200, 5000);
    }
    return truth;
  });
}

TEST_CASE("after a step the side with more samples is reported") {
  check_rates(5'000'000, [](Synthetic& clock) {
    Truth truth;
    const double before = clear_offset(clock);
    double after = clear_offset(clock);
    while (std::abs(after - before) < 40) after = clear_offset(clock);
    truth.std_dev = clock.uniform(0.1, 2);
    auto old = static_cast<size_t>(clock.uniform(0, kSamplesMax));
    if (old == kSamplesMax / 2) ++old;  // then there is no side with more
    truth.median = old > kSamplesMax / 2 ? before : after;
    for (size_t i = 0; i < kSamplesMax; ++i) {
      truth.samples.push_back((i < old ? before : after) + clock.normal(truth.std_dev));
    }
    return truth;
  });
}

TEST_CASE("fewer than thirty samples are too few, and only the last thirty count") {
  std::vector<double> samples;
  CHECK(estimate_skew(samples).status == SkewStatus::kInsufficientData);
  CHECK(estimate_skew(samples).median == 0);
  for (int i = 0; i < 29; ++i) {
    samples.push_back(50);
    const SkewEstimate estimate = estimate_skew(samples);
    REQUIRE(estimate.status == SkewStatus::kInsufficientData);
    REQUIRE(estimate.median == 50);
    REQUIRE(estimate.ci95_low == 50);
    REQUIRE(estimate.ci95_high == 50);
  }
  samples.push_back(50);
  CHECK(estimate_skew(samples).status == SkewStatus::kDetected);
  samples.insert(samples.begin(), 70, 1000);
  CHECK(estimate_skew(samples).median == 50);
  CHECK(estimate_skew(samples).outliers == 0);
}

TEST_CASE("the borders of each status are those of the definition") {
  const auto status = [](double median, double distance) {
    // Half of the samples on either side: the standard deviation is a little over the distance.
    std::vector<double> samples;
    for (size_t i = 0; i < kSamplesMax; ++i) {
      samples.push_back(median + (i % 2 == 0 ? distance : -distance));
    }
    return estimate_skew(samples).status;
  };
  const double scale = std::sqrt(29.0 / 30);  // n - 1 below the line
  CHECK(status(0, 20.01 * scale) == SkewStatus::kUnstable);
  CHECK(status(500, 20.01 * scale) == SkewStatus::kUnstable);
  CHECK(status(0, 19.99 * scale) == SkewStatus::kDetected);
  CHECK(status(9.99, 0) == SkewStatus::kSynchronized);
  CHECK(status(-9.99, 4.99 * scale) == SkewStatus::kSynchronized);
  CHECK(status(0, 5.01 * scale) == SkewStatus::kDetected);
  CHECK(status(10, 0) == SkewStatus::kDetected);
  CHECK(status(-100, 0) == SkewStatus::kDetected);
  CHECK(status(100.01, 0) == SkewStatus::kLargeSkew);
}

TEST_CASE("percentiles and the interval are those of known samples") {
  std::vector<double> samples;
  for (int i = 1; i <= 30; ++i) samples.push_back(i);
  const SkewEstimate estimate = estimate_skew(samples);
  CHECK(estimate.median == Approx(15.5));
  CHECK(estimate.p95 == Approx(28.55));
  CHECK(estimate.p99 == Approx(29.71));
  CHECK(estimate.std_dev == Approx(8.803).epsilon(0.001));
  // The 10th and the 21st of 30, as the tables of the binomial distribution have it.
  CHECK(estimate.ci95_low == 10);
  CHECK(estimate.ci95_high == 21);
}

}  // namespace
}  // namespace gasoline::skew
