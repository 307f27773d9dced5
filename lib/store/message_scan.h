#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pattern/text_matcher.h"
#include "store/block.h"

namespace gasoline::store {

/// Finds the events of a block whose message an expression matches. Keeps its buffers warm: one for
/// each search.
class MessageScan {
 public:
  explicit MessageScan(const pattern::TextMatcher& matcher) : matcher_(matcher) {}

  /// Of `entries`, numbers of entries of a pinned block in rising order, those that match.
  const std::vector<uint32_t>& find(const Block& block, const std::vector<uint32_t>& entries);

 private:
  bool point_into(const Block& block, const std::vector<uint32_t>& entries);
  bool matches(const Block& block, uint32_t entry) const;

  const pattern::TextMatcher& matcher_;
  std::string joined_;             // messages, each with a LF behind it
  std::vector<size_t> ends_;       // where each of them ends, behind its LF
  std::vector<bool> is_pointed_into_;
  std::vector<uint32_t> found_;
};

}  // namespace gasoline::store
