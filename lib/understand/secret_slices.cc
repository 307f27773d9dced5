#include "understand/secret_slices.h"

#include <algorithm>
#include <functional>

namespace gasoline::understand {

void SecretSlices::expect(std::string_view bytes) {
  bytes_ = bytes;
  slice_ = slice_end_ = bytes.data();
  hit_count_ = next_hit_ = 0;
}

bool SecretSlices::is_clean(std::string_view text, const pattern::PatternSet& patterns,
                            pattern::Scratch& scratch) {
  const std::less_equal<const char*> not_behind;
  const char* const start = text.data();
  const char* const end = start + text.size();
  if (!not_behind(bytes_.data(), start) || !not_behind(end, bytes_.data() + bytes_.size())) {
    return false;
  }
  if (start < slice_ || end > slice_end_) scan_from(start, text.size(), patterns, scratch);
  if (end > slice_end_) return false;
  const auto offset = static_cast<size_t>(start - slice_);
  if (next_hit_ > 0 && hits_[next_hit_ - 1] > offset) next_hit_ = 0;  // asked again
  while (next_hit_ < hit_count_ && hits_[next_hit_] <= offset) ++next_hit_;
  return next_hit_ == hit_count_ || hits_[next_hit_] > offset + text.size();
}

void SecretSlices::scan_from(const char* start, size_t size_min,
                             const pattern::PatternSet& patterns, pattern::Scratch& scratch) {
  const auto left = static_cast<size_t>(bytes_.data() + bytes_.size() - start);
  const std::string_view slice(start, std::min(left, std::max(size_min, kSliceSize)));
  slice_ = start;
  slice_end_ = start + slice.size();
  hit_count_ = next_hit_ = 0;
  patterns.scan(slice, scratch, [this](uint32_t, size_t end) {
    if (hit_count_ == kHitsMax) {
      slice_end_ = slice_ + hits_[kHitsMax - 1];
      return false;
    }
    hits_[hit_count_++] = static_cast<uint32_t>(end);
    return true;
  });
}

}  // namespace gasoline::understand
