#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "pattern/pattern_set.h"

namespace gasoline::understand {

/// Knows which of the texts in a buffer hold no trigger of a secret, by scanning the buffer in
/// slices of many texts: a scan of a few lines costs hardly more than one of a single line. The
/// triggers look at nothing but the bytes that they match, so one that is within a text is found
/// wherever the text lies.
class SecretSlices {
 public:
  static constexpr size_t kSliceSize = 64 * 1024;
  static constexpr size_t kHitsMax = 1024;  ///< of a slice; what lies behind them is not known

  /// Texts of `bytes` are asked for next. The bytes must stay as they are until the next call.
  void expect(std::string_view bytes);
  /// True if no trigger is in `text`; false if there is one, or the text is not of the buffer.
  /// Scans each byte once, if texts are asked for in their order.
  bool is_clean(std::string_view text, const pattern::PatternSet& patterns,
                pattern::Scratch& scratch);

 private:
  void scan_from(const char* start, size_t size_min, const pattern::PatternSet& patterns,
                 pattern::Scratch& scratch);

  std::string_view bytes_;
  const char* slice_ = nullptr;      // where the last slice begins
  const char* slice_end_ = nullptr;  // behind what is known of it
  std::array<uint32_t, kHitsMax> hits_;  // offsets in the slice just behind triggers, rising
  size_t hit_count_ = 0;
  size_t next_hit_ = 0;
};

}  // namespace gasoline::understand
