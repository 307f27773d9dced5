#include "store/message_scan.h"

#include <algorithm>

#include "event/event_codec.h"

namespace gasoline::store {

bool MessageScan::matches(const Block& block, uint32_t entry) const {
  return matcher_.matches(event::encoded_message(block.bytes_from(block.entry(entry))));
}

const std::vector<uint32_t>& MessageScan::find(const Block& block,
                                               const std::vector<uint32_t>& entries) {
  found_.clear();
  // One scan of all messages costs a fraction of one for each, unless so many match that telling of
  // them costs more than reading the rest.
  const bool is_narrowed = matcher_.can_find_in_lines() && point_into(block, entries);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (is_narrowed && !is_pointed_into_[i]) continue;
    if (matches(block, entries[i])) found_.push_back(entries[i]);
  }
  return found_;
}

/// False if there are too many matches for it to be worth while.
bool MessageScan::point_into(const Block& block, const std::vector<uint32_t>& entries) {
  joined_.clear();
  ends_.clear();
  for (const uint32_t entry : entries) {
    joined_.append(event::encoded_message(block.bytes_from(block.entry(entry)))).push_back('\n');
    ends_.push_back(joined_.size());
  }
  is_pointed_into_.assign(entries.size(), false);
  size_t calls_left = entries.size() / 4 + 16;
  return matcher_.find_in_lines(joined_, [&](size_t end) {
    const auto at = std::lower_bound(ends_.begin(), ends_.end(), end);
    if (at != ends_.end()) is_pointed_into_[static_cast<size_t>(at - ends_.begin())] = true;
    return --calls_left > 0;
  });
}

}  // namespace gasoline::store
