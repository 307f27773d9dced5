#include "store/message_scan.h"

#include <algorithm>

namespace gasoline::store {
namespace {

constexpr size_t kWindowBehindMatch = 2;  // messages

}  // namespace

bool MessageScan::has_none(std::string_view joined) const {
  return matcher_.can_find_in_lines() &&
         matcher_.find_in_lines(joined) == pattern::TextMatcher::kNone;
}

/// One scan of many messages costs a fraction of one for each. It ends at a match and begins again
/// behind the message that has it. Some expressions make a scan go through all there is before it
/// tells of its first match: so behind one, the next scan is of few messages, and then of more and
/// more.
const std::vector<uint32_t>& MessageScan::find(std::string_view joined,
                                               std::span<const uint32_t> ends) {
  found_.clear();
  const bool by_lines = matcher_.can_find_in_lines();
  size_t window = by_lines ? ends.size() : 1;
  for (size_t next = 0; next < ends.size();) {
    const size_t begin = next == 0 ? 0 : ends[next - 1];
    const size_t stop = std::min(next + window, ends.size());
    size_t candidate = next;
    if (by_lines) {
      const size_t end =
          matcher_.find_in_lines(joined.substr(begin, ends[stop - 1] - begin));
      if (end == pattern::TextMatcher::kNone) {
        next = stop;
        window *= 2;
        continue;
      }
      candidate = static_cast<size_t>(
          std::lower_bound(ends.begin() + static_cast<std::ptrdiff_t>(next), ends.end(),
                           begin + end) -
          ends.begin());
      window = kWindowBehindMatch;
    }
    const size_t from = candidate == 0 ? 0 : ends[candidate - 1];
    const bool is_sure = by_lines && matcher_.is_sure_in_lines();
    if (is_sure || matcher_.matches(joined.substr(from, ends[candidate] - 1 - from))) {
      found_.push_back(static_cast<uint32_t>(candidate));
    }
    next = candidate + 1;
  }
  return found_;
}

}  // namespace gasoline::store
