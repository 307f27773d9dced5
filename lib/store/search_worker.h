#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/arena.h"
#include "pattern/text_matcher.h"
#include "store/event_filter.h"
#include "store/id_links.h"
#include "store/message_scan.h"
#include "store/page.h"
#include "store/query.h"
#include "store/shelf.h"

namespace gasoline::store {

/// One search as all of its threads know it. The first part never changes.
struct SearchTask {
  const Shelf& shelf;
  const Search& search;
  const EventFilter& filter;       ///< by all but the expression
  const std::vector<IdTerm>& ids;  ///< asked for; none: all events
  const Position before;           ///< what is here or newer was answered already
  const size_t limit;
  const int64_t give_up_us;  ///< by the monotonic clock
  std::vector<Shelf::Span> spans;  ///< blocks to look at, that with the newest event first

  /// The first span that nobody has taken.
  std::atomic<size_t> next{0};
  /// The first span that nobody looked at because the time was over.
  std::atomic<size_t> gave_up_at{SIZE_MAX};
  /// Events older than this cannot be part of the page any more.
  std::atomic<int64_t> wanted_from_us{INT64_MIN};

  bool counts_all() const { return search.counts_all; }
};

/// Looks through blocks of a task, side by side with others; keeps the newest that match.
class SearchWorker {
 public:
  /// Both must outlive it; the matcher is its own.
  SearchWorker(SearchTask& task, const pattern::TextMatcher& matcher)
      : task_(task), matcher_(matcher), scan_(matcher) {}

  /// Takes spans until there are none, the page is full or the time is over.
  void run();

  /// A heap, the oldest on top, of at most limit + 1.
  const std::vector<Place>& newest() const { return newest_; }
  uint64_t searched() const { return searched_; }
  uint64_t matched() const { return matched_; }

 private:
  bool may_stop_before(size_t span);
  bool look_into_packed(uint32_t block);
  void look_through(const Shelf::PackedPin& packed, uint32_t block);
  void look_into(uint32_t index, const Shelf::Pinned& pinned);
  void look_at_continued(uint32_t index, const Block& block, uint32_t i);
  bool admits(uint32_t index, const Block& block, uint32_t i, bool aging);
  bool is_wanted(const Position& position) const;
  void keep(const Place& place);

  SearchTask& task_;
  const pattern::TextMatcher& matcher_;
  MessageScan scan_;
  std::vector<Place> newest_;
  uint64_t searched_ = 0;
  uint64_t matched_ = 0;

  // Of the block at hand.
  std::string joined_;
  std::vector<uint32_t> ends_;
  std::vector<uint32_t> numbers_;
  std::vector<Entry> entries_;
  Arena scratch_;
};

/// The order of SearchWorker::newest().
inline bool is_newer(const Place& a, const Place& b) {
  return b.position < a.position;
}

}  // namespace gasoline::store
