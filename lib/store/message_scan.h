#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pattern/text_matcher.h"

namespace gasoline::store {

/// Finds the messages that an expression matches among many. Keeps its buffers warm; for one thread.
class MessageScan {
 public:
  /// `matcher` must outlive it.
  explicit MessageScan(const pattern::TextMatcher& matcher) : matcher_(matcher) {}

  /// True if it can tell at once that none of the messages in `joined`, each with a LF behind it,
  /// matches; false may mean anything.
  bool has_none(std::string_view joined) const;
  /// The numbers of the messages that match, in rising order. Message i ends in front of the LF in
  /// front of `ends[i]`.
  const std::vector<uint32_t>& find(std::string_view joined, std::span<const uint32_t> ends);

 private:
  const pattern::TextMatcher& matcher_;
  std::vector<uint32_t> found_;
};

}  // namespace gasoline::store
