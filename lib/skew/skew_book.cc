#include "skew/skew_book.h"

#include <algorithm>
#include <cmath>

namespace gasoline::skew {

void SkewBook::add(const std::string& clock, const std::string& reference, double sample_ms,
                   int64_t now_us) {
  const bool is_named = !clock.empty() && !reference.empty() && clock != reference &&
                        clock.size() <= kNameSizeMax && reference.size() <= kNameSizeMax;
  const std::lock_guard lock(mutex_);
  if (!is_named || !std::isfinite(sample_ms) || std::abs(sample_ms) > kSampleMsMax) {
    ++counters_.refused;
    return;
  }
  ++counters_.samples;
  const auto key = std::pair(clock, reference);
  if (rings_.size() >= kPairsMax && !rings_.contains(key)) make_way();
  Ring& ring = rings_[key];
  ring.samples[ring.next] = sample_ms;
  ring.next = (ring.next + 1) % kSamplesMax;
  ring.size = std::min(ring.size + 1, kSamplesMax);
  ring.last_sample_us = now_us;
}

void SkewBook::make_way() {
  const auto stalest = std::min_element(
      rings_.begin(), rings_.end(),
      [](const auto& a, const auto& b) { return a.second.last_sample_us < b.second.last_sample_us; });
  rings_.erase(stalest);
  ++counters_.pairs_dropped;
}

std::vector<SkewBook::Pair> SkewBook::pairs() const {
  std::vector<Pair> pairs;
  const std::lock_guard lock(mutex_);
  for (const auto& [names, ring] : rings_) {
    // The order of samples within the window does not matter to the estimate.
    const std::span<const double> samples = std::span(ring.samples).first(ring.size);
    pairs.push_back({names.first, names.second, ring.last_sample_us, estimate_skew(samples)});
  }
  return pairs;
}

SkewBook::Counters SkewBook::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace gasoline::skew
