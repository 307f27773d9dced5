#include "store/store.h"

#include <algorithm>
#include <tuple>

#include "store/arrivals.h"
#include "store/search_reader.h"
#include "store/shelf.h"
#include "store/timeline_reader.h"

namespace gasoline::store {

Store::Store(const Options& options, const Clock& clock)
    : shelf_(std::make_unique<Shelf>(options, clock)) {}

Store::~Store() = default;

void Store::apply(std::span<const event::Event> events) {
  shelf_->apply(events);
}

void Store::set_bounds(const Options& options) {
  shelf_->set_bounds(options);
}

void Store::expire() {
  shelf_->expire();
}

Result<Answer> Store::timeline(const Query& query) const {
  return read_timeline(*shelf_, query);
}

Result<SearchAnswer> Store::search(const Search& search,
                                   const pattern::TextMatcher& matcher) const {
  return read_search(*shelf_, search, matcher);
}

uint64_t Store::next_arrival() const {
  return shelf_->arrival_limit();
}

uint64_t Store::arrival_since(int64_t receive_us) const {
  return shelf_->arrival_since(receive_us);
}

void Store::arrivals(uint64_t from, size_t events_max, Arrivals& to) const {
  read_arrivals(*shelf_, from, events_max, to);
}

std::vector<SourceStats> Store::sources() const {
  std::vector<SourceStats> all = shelf_->sources();
  std::sort(all.begin(), all.end(), [](const SourceStats& a, const SourceStats& b) {
    return std::tie(a.name, a.run_id, a.place) < std::tie(b.name, b.run_id, b.place);
  });
  return all;
}

Stats Store::stats() const {
  return shelf_->stats();
}

bool Store::contains(std::string_view event_id) const {
  return shelf_->contains(event_id);
}

}  // namespace gasoline::store
