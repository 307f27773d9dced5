#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "store/cursor.h"

namespace gasoline::store {

/// Where an event of the answer stands.
struct Place {
  Position position;
  uint32_t block = 0;
  uint32_t entry = 0;

  bool operator<(const Place& other) const { return position < other.position; }
};

/// The first `limit` of any number of places, in memory for about twice as many.
class Page {
 public:
  explicit Page(size_t limit) : limit_(limit) {}

  /// False if so many earlier ones are known that this one cannot be part of the page.
  bool wants(const Position& position) const {
    return places_.size() < limit_ + 1 || !(worst_ < position);
  }
  void add(const Place& place) {
    if (!wants(place.position)) return;
    places_.push_back(place);
    if (places_.size() >= 2 * (limit_ + 1)) cut();
  }
  /// The greatest timestamp that can still matter.
  int64_t timestamp_max_us() const {
    return places_.size() < limit_ + 1 ? INT64_MAX : worst_.timestamp_us;
  }
  /// Sorted places, one more than the limit if more follow.
  std::vector<Place>& finish() {
    std::sort(places_.begin(), places_.end());
    if (places_.size() > limit_ + 1) places_.resize(limit_ + 1);
    return places_;
  }

 private:
  void cut() {
    const auto last = places_.begin() + static_cast<std::ptrdiff_t>(limit_);
    std::nth_element(places_.begin(), last, places_.end());
    worst_ = last->position;
    places_.resize(limit_ + 1);
  }

  const size_t limit_;
  std::vector<Place> places_;
  Position worst_{INT64_MAX, UINT64_MAX};  // of the limit_ + 1 best, once known
};

}  // namespace gasoline::store
