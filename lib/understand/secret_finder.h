#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "pattern/pattern_set.h"

namespace gasoline::understand {

/// Finds and masks secrets. One per thread: it owns scratch memory, kept warm between texts.
///
/// One scan by all triggers; only where one matched is the secret's extent found and judged by
/// code. Work is linear: a place that was judged a secret is not looked at again, and one that was
/// not costs at most its kind's size_max.
class SecretFinder {
 public:
  /// `patterns` is the compiled secret table and must outlive the finder.
  explicit SecretFinder(const pattern::PatternSet& patterns);

  /// `text` with each secret replaced by "[redacted:kind]", in `arena`; `text` itself if it holds
  /// none. Adds the number of secrets to `masked`.
  std::string_view mask(std::string_view text, Arena& arena, uint64_t& masked);

 private:
  struct Found {
    size_t start;
    size_t end;
    uint32_t kind;
  };

  void consider(std::string_view text, uint32_t kind, size_t match_end);
  void merge_overlaps();

  const pattern::PatternSet& patterns_;
  pattern::Scratch scratch_;
  std::vector<Found> found_;
  size_t dull_until_ =
      0;  // a value that ends here was judged to be no credential, nor are its tails
};

}  // namespace gasoline::understand
