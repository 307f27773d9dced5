#include "store/search_worker.h"

#include <algorithm>
#include <optional>

#include "event/event_codec.h"
#include "store/asked_id.h"
#include "store/block_visitor.h"
#include "store/joined_events.h"

namespace gasoline::store {
namespace {

/// Moves `value` to `to` if that is less.
template <typename Number>
void lower_to(std::atomic<Number>& value, Number to) {
  Number now = value.load(std::memory_order_relaxed);
  while (to < now && !value.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

template <typename Number>
void raise_to(std::atomic<Number>& value, Number to) {
  Number now = value.load(std::memory_order_relaxed);
  while (to > now && !value.compare_exchange_weak(now, to, std::memory_order_relaxed)) {
  }
}

/// Events lie one behind the other in memory that nobody has touched for long: what is said next is
/// asked for while this one is copied (a sixth of the time).
void prefetch(const Block& block, const Entry& entry) {
  constexpr size_t kAheadBytes = 1024;
  constexpr size_t kLineBytes = 64;
  for (size_t line = 0; line < 4; ++line) {
    __builtin_prefetch(block.memory + entry.offset + kAheadBytes + line * kLineBytes);
  }
}

/// Where each of `count` messages ends, behind its LF; false if one has a LF of its own.
bool split_lines(std::string_view messages, uint32_t count, std::vector<uint32_t>& ends) {
  ends.clear();
  for (size_t at = messages.find('\n'); at != std::string_view::npos;
       at = messages.find('\n', at + 1)) {
    if (ends.size() == count) return false;
    ends.push_back(static_cast<uint32_t>(at + 1));
  }
  return ends.size() == count;
}

}  // namespace

void SearchWorker::run() {
  while (true) {
    const size_t at = task_.next.fetch_add(1, std::memory_order_relaxed);
    if (at >= task_.spans.size() || may_stop_before(at)) return;
    const uint32_t index = task_.spans[at].block;
    if (look_into_packed(index)) continue;
    const PinnedBlocks pinned(task_.shelf, std::span(&index, 1));
    if (pinned[0].block != nullptr) look_into(index, pinned[0]);
  }
}

/// True if neither the page nor the time allows for this block.
bool SearchWorker::may_stop_before(size_t span) {
  const int64_t newest_us = task_.spans[span].timestamp_max_us;
  if (!task_.counts_all() && newest_us < task_.wanted_from_us.load(std::memory_order_relaxed)) {
    return true;
  }
  const bool got_on = Position{newest_us, UINT64_MAX} < task_.before;
  if (!got_on || task_.shelf.monotonic_us() < task_.give_up_us) return false;
  lower_to(task_.gave_up_at, span);
  return true;
}

/// False if the block is not packed, or its events must be decoded to be told apart.
bool SearchWorker::look_into_packed(uint32_t index) {
  if (!task_.ids.empty()) return false;
  const std::optional<Shelf::PackedPin> packed = task_.shelf.pin_packed(index);
  if (!packed) return false;
  // A block that came into another's place since is not what the span spoke of.
  if (task_.filter.admits(*packed->identity)) look_through(*packed, index);
  task_.shelf.unpin_packed(index);
  return true;
}

/// Looks through the messages as they were packed. Only if one matches does it look at what is known
/// of their events.
void SearchWorker::look_through(const Shelf::PackedPin& packed, uint32_t index) {
  const UnpackedBlocks::Loan unpacker(task_.shelf.unpacked_blocks());
  const std::string_view messages = unpacker->messages(packed.cells, *packed.identity);
  const bool admits_all =
      packed.timestamp_min_us >= task_.filter.start_us() &&
      packed.timestamp_max_us < task_.filter.end_us() && task_.filter.admits_all_levels() &&
      Position{packed.timestamp_max_us, UINT64_MAX} < task_.before;
  if (admits_all && scan_.has_none(messages)) {
    searched_ += packed.events;
    return;
  }
  const bool is_only_counted = admits_all && packed.events == packed.count &&
                               newest_.size() > task_.limit &&
                               packed.timestamp_max_us < newest_.front().position.timestamp_us;
  if (is_only_counted && split_lines(messages, packed.count, ends_)) {
    searched_ += packed.events;
    matched_ += scan_.find(messages, ends_).size();
    return;
  }
  unpacker->read_entries(packed.cells, packed.count, entries_, ends_);
  const auto place_of = [&](uint32_t i) {
    return Place{{entries_[i].timestamp_us, packed.first_arrival + entries_[i].arrival_delta},
                 index, i};
  };
  const auto is_admitted = [&](uint32_t i) {
    return task_.filter.admits(packed.first_arrival, entries_[i]) &&
           is_wanted(place_of(i).position);
  };
  for (uint32_t i = 0; i < packed.count; ++i) searched_ += is_admitted(i) ? 1u : 0u;
  for (const uint32_t i : scan_.find(messages, ends_)) {
    if (is_admitted(i)) keep(place_of(i));
  }
}

void SearchWorker::look_into(uint32_t index, const Shelf::Pinned& pinned) {
  const Block& block = *pinned.block;
  if (!task_.filter.admits(*block.identity)) return;
  joined_.clear();
  ends_.clear();
  numbers_.clear();
  const uint32_t count = block.published();
  for (uint32_t i = 0; i < count; ++i) {
    if (!admits(index, block, i, pinned.aging)) continue;
    ++searched_;
    const Entry& entry = block.entry(i);
    if (entry.is_continued()) {
      look_at_continued(index, block, i);
      continue;
    }
    prefetch(block, entry);
    joined_.append(event::encoded_message(block.bytes_from(entry))).push_back('\n');
    ends_.push_back(static_cast<uint32_t>(joined_.size()));
    numbers_.push_back(i);
  }
  for (const uint32_t found : scan_.find(joined_, ends_)) {
    const uint32_t i = numbers_[found];
    const Entry& entry = block.entry(i);
    keep({{entry.timestamp_us, block.first_arrival + entry.arrival_delta}, index, i});
  }
}

/// Its message goes on in other events.
void SearchWorker::look_at_continued(uint32_t index, const Block& block, uint32_t i) {
  scratch_.reset();
  const event::Event event = read_joined(task_.shelf, index, block, i, scratch_);
  if (!matcher_.matches(event.message)) return;
  const Entry& entry = block.entry(i);
  keep({{entry.timestamp_us, block.first_arrival + entry.arrival_delta}, index, i});
}

bool SearchWorker::admits(uint32_t index, const Block& block, uint32_t i, bool aging) {
  const Entry& entry = block.entry(i);
  const bool by_id = !task_.ids.empty();
  if (!task_.filter.admits(block, entry) ||
      !is_wanted({entry.timestamp_us, block.first_arrival + entry.arrival_delta})) {
    return false;
  }
  // An event may show its id in a line behind its first only.
  if (by_id && !entry.is_continued() && !may_show_any(entry, task_.ids)) return false;
  if (!by_id && !task_.filter.needs_event(aging)) return true;
  scratch_.reset();
  const event::Event event = read_joined(task_.shelf, index, block, i, scratch_);
  return task_.filter.admits(event) && (!by_id || shows_any(event, task_.ids));
}

bool SearchWorker::is_wanted(const Position& position) const {
  if (!(position < task_.before)) return false;
  return task_.counts_all() || newest_.size() <= task_.limit ||
         !(position < newest_.front().position);
}

void SearchWorker::keep(const Place& place) {
  ++matched_;
  const size_t kept_max = task_.limit + 1;
  if (newest_.size() == kept_max) {
    if (place.position < newest_.front().position) return;
    std::pop_heap(newest_.begin(), newest_.end(), is_newer);
    newest_.pop_back();
  }
  newest_.push_back(place);
  std::push_heap(newest_.begin(), newest_.end(), is_newer);
  if (newest_.size() == kept_max) {
    raise_to(task_.wanted_from_us, newest_.front().position.timestamp_us);
  }
}

}  // namespace gasoline::store
