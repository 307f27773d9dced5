#include "store/block.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "base/assert.h"

namespace gasoline::store {

uint32_t Block::append(std::string_view encoded, Entry entry) {
  GASOLINE_ASSERT(fits(encoded.size()));
  const uint32_t i = count.load(std::memory_order_relaxed);
  entry.offset = payload_used;
  std::memcpy(memory + payload_used, encoded.data(), encoded.size());
  new (entry_at(i)) Entry(entry);
  payload_used += static_cast<uint32_t>(encoded.size());
  return i;
}

void Block::widen(int64_t timestamp_us, int64_t receive_time_us) {
  timestamp_min_us = std::min(timestamp_min_us, timestamp_us);
  timestamp_max_us = std::max(timestamp_max_us, timestamp_us);
  receive_min_us = std::min(receive_min_us, receive_time_us);
  receive_max_us = std::max(receive_max_us, receive_time_us);
}

}  // namespace gasoline::store
