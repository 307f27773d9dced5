#include "store/arrivals.h"

#include <algorithm>
#include <optional>

#include "store/block_visitor.h"
#include "store/copy_events.h"
#include "store/page.h"

namespace gasoline::store {
namespace {

/// The first entry of a block that arrived at `from` or later.
uint32_t first_entry_from(const Block& block, uint32_t count, uint64_t from) {
  uint32_t low = 0;
  uint32_t high = count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (block.first_arrival + block.entry(middle).arrival_delta < from) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// A later line of a joined event is told with it, or by itself if the event was told before.
bool is_told(const Shelf& shelf, uint32_t index, const Block& block, uint32_t i, uint64_t from,
             uint64_t limit) {
  const Entry& entry = block.entry(i);
  if (!entry.is_part()) return block.visible(entry, limit);
  const std::optional<EventPlace> head = shelf.head_of(index, i);
  return head && head->arrival < from;
}

}  // namespace

void read_arrivals(const Shelf& shelf, uint64_t from, size_t events_max, Arrivals& to) {
  to.page = Answer();
  to.page.arena = std::make_unique<Arena>();
  uint64_t limit = 0;
  const std::vector<uint32_t> blocks = shelf.blocks_since(from, limit);
  limit = std::min(limit, from + events_max);
  std::vector<Place> places;
  uint64_t present = 0;
  visit_blocks(shelf, blocks, [&](uint32_t index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    const uint32_t count = block.published();
    for (uint32_t i = first_entry_from(block, count, from); i < count; ++i) {
      const Entry& entry = block.entry(i);
      const uint64_t arrival = block.first_arrival + entry.arrival_delta;
      if (arrival >= limit) break;
      ++present;
      if (!is_told(shelf, index, block, i, from, limit)) continue;
      places.push_back({{entry.timestamp_us, arrival}, index, i});
    }
    return true;
  });
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.position.arrival < b.position.arrival;
  });
  to.from = from;
  to.next = std::max(from, limit);
  to.evicted = to.next - from - std::min(present, to.next - from);
  copy_events(shelf, places, to.page, limit);
}

}  // namespace gasoline::store
