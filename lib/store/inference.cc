#include "store/inference.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <unordered_map>

#include "store/asked_id.h"
#include "store/block_visitor.h"
#include "store/event_marks.h"
#include "store/joined_events.h"
#include "store/stored_event.h"

namespace gasoline::store {
namespace {

constexpr int64_t kSpanMaxUs = int64_t{10} * 60 * 1'000'000;
constexpr int64_t kAroundUs = 5'000'000;  // where other requests are looked for
constexpr int64_t kNearUs = 100'000;
constexpr int64_t kSlackMinUs = 100'000;
constexpr size_t kEventsMax = 100'000;

constexpr double kThreadConfidence = 0.95;
constexpr double kProcessConfidence = 0.8;
constexpr double kLoggerConfidence = 0.7;
constexpr double kPathConfidence = 0.85;
constexpr double kBothConfidence = 0.97;

/// What an event says that counts for or against.
struct Sighting {
  Place place;
  uint64_t request = 0;  // a hash of its first id; 0 for an event without one
  bool is_member = false;
  bool may_be_shown = false;
  Actor actor;
  std::string method_and_path;
  uint64_t kind = 0;  // of its source and its text without numbers

  int64_t us() const { return place.position.timestamp_us; }
};

/// From an actor's first to its last event of one request.
struct Stay {
  uint64_t request;
  bool is_ours;
  int64_t from_us;
  int64_t to_us;
};

std::string milliseconds(int64_t us) {
  return std::to_string(us / 1000) + "." + std::to_string(us / 100 % 10) + " ms";
}

class Inferrer {
 public:
  Inferrer(const Shelf& shelf, const EventFilter& filter, const std::vector<IdTerm>& terms)
      : shelf_(shelf), filter_(filter), terms_(terms) {}

  Inference infer();

 private:
  bool find_span();
  bool look_around();
  Sighting look_at(const event::Event& event, const Place& place, const SourceIdentity& source);
  void note_stays();
  void judge(const Sighting& candidate);
  bool fits_actor(const Sighting& candidate, bool& is_refused) const;
  std::optional<int64_t> fits_path(const Sighting& candidate, bool& is_refused) const;

  const Shelf& shelf_;
  const EventFilter& filter_;
  const std::vector<IdTerm>& terms_;
  int64_t from_us_ = INT64_MAX;
  int64_t to_us_ = INT64_MIN;
  std::vector<Sighting> seen_;
  std::unordered_map<uint64_t, std::vector<Stay>> stays_;  // by actor
  std::unordered_map<std::string, std::vector<size_t>> by_path_;
  Arena scratch_;
  Inference inference_;
};

Inference Inferrer::infer() {
  if (!find_span() || !look_around()) return std::move(inference_);
  note_stays();
  for (const Sighting& each : seen_) {
    if (each.request == 0 && each.may_be_shown) judge(each);
  }
  return std::move(inference_);
}

/// From the request's first to its last event.
bool Inferrer::find_span() {
  visit_blocks(shelf_, blocks_of_terms(shelf_, terms_),
               [&](uint32_t, const Shelf::Pinned& pinned) {
                 const Block& block = *pinned.block;
                 const uint32_t count = block.published();
                 for (uint32_t i = 0; i < count; ++i) {
                   const Entry& entry = block.entry(i);
                   if (!may_show_any(entry, terms_)) continue;
                   if (!block.visible_or_part(entry, filter_.arrival_limit())) continue;
                   scratch_.reset();
                   const event::Event event = read_stored(block, entry, scratch_);
                   if (filter_.is_past_ttl(event) || !shows_any(event, terms_)) continue;
                   from_us_ = std::min(from_us_, event.timestamp_us);
                   to_us_ = std::max(to_us_, event.timestamp_us);
                 }
                 return true;
               });
  if (from_us_ > to_us_) return false;
  if (to_us_ - from_us_ <= kSpanMaxUs) return true;
  inference_.gave_up = "the request's events span more than 10 minutes";
  return false;
}

/// Reads all events of all sources around the request.
bool Inferrer::look_around() {
  const int64_t from_us = from_us_ - kAroundUs;
  const int64_t to_us = to_us_ + kAroundUs;
  std::vector<uint32_t> blocks;
  for (const Shelf::Span& span :
       shelf_.blocks_of_span(from_us, to_us + 1, [](const SourceIdentity&) { return true; })) {
    blocks.push_back(span.block);
  }
  visit_blocks(shelf_, blocks, [&](uint32_t index, const Shelf::Pinned& pinned) {
    const Block& block = *pinned.block;
    const bool is_asked_for = filter_.admits(*block.identity);
    const uint32_t count = block.published();
    for (uint32_t i = 0; i < count && seen_.size() <= kEventsMax; ++i) {
      const Entry& entry = block.entry(i);
      if (entry.timestamp_us < from_us || entry.timestamp_us > to_us) continue;
      if (!block.visible(entry, filter_.arrival_limit())) continue;
      scratch_.reset();
      const event::Event event = read_joined(shelf_, index, block, i, scratch_);
      if (filter_.is_past_ttl(event)) continue;
      const Place place{{entry.timestamp_us, block.first_arrival + entry.arrival_delta}, index, i};
      seen_.push_back(look_at(event, place, *block.identity));
      seen_.back().may_be_shown =
          is_asked_for && filter_.admits(block, entry) && filter_.admits(event);
    }
    return seen_.size() <= kEventsMax;
  });
  if (seen_.size() <= kEventsMax) return true;
  inference_.gave_up = "more than 100,000 events lie around the request";
  return false;
}

Sighting Inferrer::look_at(const event::Event& event, const Place& place,
                           const SourceIdentity& source) {
  Sighting sighting;
  sighting.place = place;
  EventIds ids;
  find_event_ids(event, ids);
  if (ids.count > 0) {
    sighting.request = hash_bytes(ids.ids[0].text());
    sighting.is_member = shows_any(event, terms_);
  }
  sighting.actor = find_actor(event);
  sighting.method_and_path = find_method_and_path(event);
  sighting.kind = template_hash(event.message) ^ source.hash;
  return sighting;
}

void Inferrer::note_stays() {
  for (size_t i = 0; i < seen_.size(); ++i) {
    const Sighting& each = seen_[i];
    if (!each.method_and_path.empty()) by_path_[each.method_and_path].push_back(i);
    if (each.request == 0 || each.actor.hash == 0) continue;
    std::vector<Stay>& stays = stays_[each.actor.hash];
    const auto known = std::find_if(stays.begin(), stays.end(), [&](const Stay& stay) {
      return each.is_member ? stay.is_ours : stay.request == each.request;
    });
    if (known == stays.end()) {
      stays.push_back({each.request, each.is_member, each.us(), each.us()});
    } else {
      known->from_us = std::min(known->from_us, each.us());
      known->to_us = std::max(known->to_us, each.us());
    }
  }
}

bool Inferrer::fits_actor(const Sighting& candidate, bool& is_refused) const {
  const auto stays = stays_.find(candidate.actor.hash);
  if (candidate.actor.hash == 0 || stays == stays_.end()) return false;
  const int64_t us = candidate.us();
  bool fits = false;
  bool fits_another = false;
  for (const Stay& stay : stays->second) {
    if (stay.is_ours) {
      fits = stay.from_us <= us && us <= stay.to_us;
      continue;
    }
    // A process may have begun with another request before that showed its id.
    const int64_t slack = candidate.actor.kind == Actor::Kind::kThread
                              ? 0
                              : std::max(kSlackMinUs, stay.to_us - stay.from_us);
    fits_another = fits_another || (stay.from_us - slack <= us && us <= stay.to_us + slack);
  }
  is_refused = fits && fits_another;
  return fits && !fits_another;
}

/// How far the nearest event of the request with the same method and path is.
std::optional<int64_t> Inferrer::fits_path(const Sighting& candidate, bool& is_refused) const {
  if (candidate.method_and_path.empty()) return std::nullopt;
  std::optional<int64_t> nearest;
  bool fits_another = false;
  for (const size_t i : by_path_.at(candidate.method_and_path)) {
    const Sighting& other = seen_[i];
    const int64_t distance = std::llabs(other.us() - candidate.us());
    if (&other == &candidate) continue;
    if (other.is_member) {
      if (distance <= kNearUs && distance < nearest.value_or(INT64_MAX)) nearest = distance;
    } else if (other.request != 0) {
      fits_another = fits_another || distance <= 2 * kNearUs;
    } else {
      fits_another =
          fits_another || (distance <= 2 * kNearUs && other.kind == candidate.kind);
    }
  }
  is_refused = is_refused || (nearest && fits_another);
  return fits_another ? std::nullopt : nearest;
}

void Inferrer::judge(const Sighting& candidate) {
  bool is_refused = false;
  const bool by_actor = fits_actor(candidate, is_refused);
  const std::optional<int64_t> path_distance = fits_path(candidate, is_refused);
  if (!by_actor && !path_distance) {
    if (!is_refused) return;
    ++inference_.considered;
    ++inference_.refused;
    return;
  }
  ++inference_.considered;
  InferredMember member{candidate.place, kPathConfidence, {}};
  if (by_actor) {
    member.confidence = candidate.actor.kind == Actor::Kind::kThread    ? kThreadConfidence
                        : candidate.actor.kind == Actor::Kind::kProcess ? kProcessConfidence
                                                                        : kLoggerConfidence;
    member.reason = "same " + candidate.actor.name + ", while it worked on this request only";
  }
  if (path_distance) {
    if (by_actor) {
      member.confidence = kBothConfidence;
      member.reason += "; ";
    }
    member.reason += candidate.method_and_path + ", " + milliseconds(*path_distance) +
                     " from an event of this request";
  }
  inference_.members.push_back(std::move(member));
}

}  // namespace

Inference infer_members(const Shelf& shelf, const EventFilter& filter,
                        const std::vector<IdTerm>& terms) {
  return Inferrer(shelf, filter, terms).infer();
}

}  // namespace gasoline::store
