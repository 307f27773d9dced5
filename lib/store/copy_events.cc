#include "store/copy_events.h"

#include <algorithm>

#include "store/block_visitor.h"
#include "store/joined_events.h"

namespace gasoline::store {

void copy_events(const Shelf& shelf, const std::vector<Place>& places, Answer& answer,
                 uint64_t arrival_limit) {
  std::vector<uint32_t> blocks;
  blocks.reserve(places.size());
  for (const Place& place : places) blocks.push_back(place.block);
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
  std::vector<size_t> by_block(places.size());
  for (size_t i = 0; i < by_block.size(); ++i) by_block[i] = i;
  std::stable_sort(by_block.begin(), by_block.end(),
                   [&](size_t a, size_t b) { return places[a].block < places[b].block; });
  std::vector<bool> found(places.size(), false);
  std::vector<event::Event> events(places.size());
  visit_blocks(shelf, blocks, [&](uint32_t block_index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    auto at = std::lower_bound(by_block.begin(), by_block.end(), block_index,
                               [&](size_t i, uint32_t index) { return places[i].block < index; });
    for (; at != by_block.end() && places[*at].block == block_index; ++at) {
      const Place& place = places[*at];
      if (place.entry >= block.published()) continue;
      const Entry& entry = block.entry(place.entry);
      if (block.first_arrival + entry.arrival_delta != place.position.arrival) continue;
      events[*at] =
          copy_joined(shelf, block_index, block, place.entry, *answer.arena, arrival_limit);
      found[*at] = true;
    }
    answer.kept_alive.push_back(block.identity);
    return true;
  });
  answer.events.reserve(places.size());
  for (size_t i = 0; i < places.size(); ++i) {
    if (!found[i]) continue;
    answer.events.push_back(events[i]);
    answer.arrivals.push_back(places[i].position.arrival);
  }
}

}  // namespace gasoline::store
