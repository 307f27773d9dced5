#include "store/joined_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/block_visitor.h"
#include "store/shelf.h"
#include "store/stored_event.h"

namespace gasoline::store {
namespace {

/// The last of `sorted` whose entry is at or before `entry`; null if there is none.
template <typename Elements>
auto* last_until(Elements& sorted, uint32_t entry) {
  const auto behind =
      std::upper_bound(sorted.begin(), sorted.end(), entry,
                       [](uint32_t at, const auto& element) { return at < element.entry; });
  return behind == sorted.begin() ? nullptr : &*(behind - 1);
}

/// Collects the parts of one event.
class Joiner {
 public:
  explicit Joiner(const event::Event& head) : joined_(head), text_(head.message) {}

  void add(const event::Event& part) {
    text_ += '\n';
    text_ += part.message;
    ++lines_;
  }
  /// Ids of a part whose bytes outlive the answer.
  void add_ids(const event::Event& part) {
    set_if_empty(joined_.correlation_id, part.correlation_id);
    set_if_empty(joined_.trace_id, part.trace_id);
    set_if_empty(joined_.span_id, part.span_id);
    set_if_empty(joined_.request_id, part.request_id);
  }

  event::Event finish(Arena& arena) {
    if (lines_ == 1) return joined_;
    while (text_.ends_with('\n')) text_.pop_back();
    joined_.message = arena.copy(text_);
    std::string metadata(joined_.metadata);
    metadata += fmt::format("{}\"lines\":{}", metadata.empty() ? "" : ",", lines_);
    joined_.metadata = arena.copy(metadata);
    return joined_;
  }

 private:
  static void set_if_empty(std::string_view& field, std::string_view value) {
    if (field.empty()) field = value;
  }

  event::Event joined_;
  std::string text_;
  size_t lines_ = 1;
};

event::Event add_parts(const Shelf& shelf, const EventPlace& place, const event::Event& head,
                       Arena& arena, uint64_t arrival_limit) {
  Joiner joiner(head);
  Arena scratch;
  for (const PartRun& run : shelf.parts_of(place)) {
    const std::array<uint32_t, 1> blocks = {run.block};
    visit_blocks(shelf, blocks, [&](uint32_t, const Shelf::Pinned& pinned) {
      const Block& block = *pinned.block;
      const uint32_t end = std::min(block.published(), run.entry + run.count);
      for (uint32_t i = run.entry; i < end; ++i) {
        if (block.first_arrival + block.entry(i).arrival_delta >= arrival_limit) break;
        scratch.reset();
        const event::Event part = read_stored(block, block.entry(i), scratch);
        joiner.add(part);
        if (!part.correlation_id.empty()) {
          joiner.add_ids(copy_stored(block, block.entry(i), arena));
        }
      }
      return true;
    });
  }
  return joiner.finish(arena);
}

}  // namespace

const JoinedHead* BlockJoins::head_at(uint32_t entry) const {
  const JoinedHead* const head = last_until(heads, entry);
  return head != nullptr && head->entry == entry ? head : nullptr;
}

const PartsOfHead* BlockJoins::parts_at(uint32_t entry) const {
  const PartsOfHead* const run = last_until(parts, entry);
  return run != nullptr && entry - run->entry < run->count ? run : nullptr;
}

size_t BlockJoins::held_bytes() const {
  size_t bytes = sizeof(BlockJoins) + heads.capacity() * sizeof(JoinedHead) +
                 parts.capacity() * sizeof(PartsOfHead);
  for (const JoinedHead& head : heads) bytes += head.runs.capacity() * sizeof(PartRun);
  return bytes;
}

void RecentEvents::note(uint64_t event_id_hash, const EventPlace& place) {
  recent_[next_] = {event_id_hash, place};
  next_ = (next_ + 1) % kRecentMax;
}

const EventPlace* RecentEvents::find(uint64_t event_id_hash) {
  for (uint32_t back = 1; back <= kRecentMax; ++back) {
    const uint32_t at = (next_ + kRecentMax - back) % kRecentMax;
    if (recent_[at].event_id_hash != event_id_hash) continue;
    if (back <= kRecentMax / 2) return &recent_[at].place;
    const EventPlace place = recent_[at].place;
    recent_[at] = {};
    note(event_id_hash, place);
    return &recent_[(next_ + kRecentMax - 1) % kRecentMax].place;
  }
  return nullptr;
}

/// Hides `part` and shows it with the event that it continues. False, with nothing changed, if that
/// event is not in the ring: then the part stands for itself.
bool Shelf::join_part(Ring& ring, uint64_t head_id_hash, const EventPlace& part) {
  const EventPlace* const found = ring.recent.find(head_id_hash);
  if (found == nullptr || !holds(ring, *found)) return false;
  const EventPlace head = *found;
  if (lines_of(head) >= BlockJoins::kPartsMax) return false;
  Block& head_block = blocks_[head.block];
  Block& part_block = blocks_[part.block];
  size_t held = joins_bytes(head_block) + (head.block != part.block ? joins_bytes(part_block) : 0);
  if (head_block.joins == nullptr) head_block.joins = std::make_unique<BlockJoins>();
  if (part_block.joins == nullptr) part_block.joins = std::make_unique<BlockJoins>();
  std::vector<JoinedHead>& heads = head_block.joins->heads;
  auto at = std::lower_bound(heads.begin(), heads.end(), head.entry,
                             [](const JoinedHead& each, uint32_t e) { return each.entry < e; });
  if (at == heads.end() || at->entry != head.entry) at = heads.insert(at, {head.entry, 0, {}});
  ++at->lines;
  std::vector<PartRun>& runs = at->runs;
  std::vector<PartsOfHead>& parts = part_block.joins->parts;
  if (!runs.empty() && runs.back().block == part.block &&
      runs.back().entry + runs.back().count == part.entry) {
    ++runs.back().count;
    ++parts.back().count;
  } else {
    runs.push_back({part.block, part.entry, 1});
    parts.push_back({part.entry, 1, head});
  }
  block_to_change(head.block).entry(head.entry).mark_continued();
  part_block.entry(part.entry).hide_as_part();
  ++part_block.hidden;
  ++ring.hidden;
  ++hidden_;
  ++totals_.joined;
  joins_bytes_ += joins_bytes(head_block) +
                  (head.block != part.block ? joins_bytes(part_block) : 0) - held;
  return true;
}

/// Hides the event in whose place another of its ring has come.
void Shelf::hide_replaced_event(Ring& ring, uint64_t event_id_hash, uint64_t arrival) {
  const EventPlace* const found = ring.recent.find(event_id_hash);
  if (found == nullptr || !holds(ring, *found)) return;
  Block& block = block_to_change(found->block);
  Entry& entry = block.entry(found->entry);
  const uint64_t delta = arrival - block.first_arrival;
  if (entry.hider() != 0 || delta >= UINT32_MAX) return;
  entry.hide(static_cast<uint32_t>(delta) + 1);
  ++block.hidden;
  ++ring.hidden;
  ++hidden_;
  ++totals_.replaced;
}

uint32_t Shelf::lines_of(const EventPlace& head) const {
  const Block& block = blocks_[head.block];
  const JoinedHead* const joined =
      block.joins == nullptr ? nullptr : block.joins->head_at(head.entry);
  return joined == nullptr ? 0 : joined->lines;
}

size_t Shelf::joins_bytes(const Block& block) {
  return block.joins == nullptr ? 0 : block.joins->held_bytes();
}

/// True if the event is still where it was put: whatever uses the block since has begun later.
bool Shelf::holds(const Ring& ring, const EventPlace& place) const {
  if (place.block >= blocks_.size()) return false;
  const Block& block = blocks_[place.block];
  return block.is_in_use() && !block.evicted && block.identity->is_same_source(*ring.identity) &&
         place.entry < block.published() && place.arrival >= block.first_arrival;
}

std::vector<PartRun> Shelf::parts_of(const EventPlace& head) const {
  const std::lock_guard lock(mutex_);
  const Block& block = blocks_[head.block];
  if (block.joins == nullptr || block.evicted || !block.is_in_use()) return {};
  if (head.entry >= block.published() || head.arrival < block.first_arrival) return {};
  const JoinedHead* const joined = block.joins->head_at(head.entry);
  return joined == nullptr ? std::vector<PartRun>() : joined->runs;
}

std::optional<EventPlace> Shelf::head_of(uint32_t block_index, uint32_t entry) const {
  const std::lock_guard lock(mutex_);
  const Block& block = blocks_[block_index];
  if (block.joins == nullptr || !block.is_in_use()) return std::nullopt;
  const PartsOfHead* const run = block.joins->parts_at(entry);
  if (run == nullptr) return std::nullopt;
  return run->head;
}

void Shelf::add_blocks_of_heads(std::vector<uint32_t>& blocks) const {
  const size_t count = blocks.size();
  {
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < count; ++i) {
      const Block& block = blocks_[blocks[i]];
      if (block.joins == nullptr || !block.is_in_use()) continue;
      for (const PartsOfHead& run : block.joins->parts) {
        if (run.head.block != blocks[i]) blocks.push_back(run.head.block);
      }
    }
  }
  std::sort(blocks.begin(), blocks.end());
  blocks.erase(std::unique(blocks.begin(), blocks.end()), blocks.end());
}

event::Event read_joined(const Shelf& shelf, uint32_t block_index, const Block& block,
                         uint32_t entry, Arena& arena) {
  const Entry& head = block.entry(entry);
  const event::Event event = read_stored(block, head, arena);
  if (!head.is_continued()) return event;
  return add_parts(shelf, {block_index, entry, block.first_arrival + head.arrival_delta}, event,
                   arena, UINT64_MAX);
}

event::Event copy_joined(const Shelf& shelf, uint32_t block_index, const Block& block,
                         uint32_t entry, Arena& arena, uint64_t arrival_limit) {
  const Entry& head = block.entry(entry);
  const event::Event event = copy_stored(block, head, arena);
  if (!head.is_continued()) return event;
  return add_parts(shelf, {block_index, entry, block.first_arrival + head.arrival_delta}, event,
                   arena, arrival_limit);
}

}  // namespace gasoline::store
