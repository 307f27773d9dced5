#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/clock.h"
#include "event/event.h"
#include "store/store.h"

namespace gasoline::store {

/// A clock that stands still unless told.
class ManualClock final : public Clock {
 public:
  static constexpr int64_t kStartUs = 1'763'700'000'000'000;

  int64_t wall_us() const override { return now_us.load(); }
  int64_t monotonic_us() const override { return now_us.load(); }

  std::atomic<int64_t> now_us{kStartUs};
};

/// An event that owns its text. Times are relative to ManualClock::kStartUs.
struct OwnedEvent {
  std::string event_id;
  int64_t at_us = 0;
  int64_t received_at_us = 0;
  event::Level level = event::Level::kInfo;
  event::SourceKind kind = event::SourceKind::kStdout;
  std::string service = "auth";
  std::string message = "hello";
  std::string correlation_id;
  std::string trace_id;
  std::string request_id;
  std::string metadata;
  std::string run_id;
  uint64_t seq = 0;
  std::vector<std::string> tags;

  /// Valid until the event changes or dies.
  event::Event view() const {
    event::Event event;
    event.event_id = event_id;
    event.timestamp_us = ManualClock::kStartUs + at_us;
    event.receive_time_us = ManualClock::kStartUs + received_at_us;
    event.level = level;
    event.source = kind;
    event.service = service;
    event.message = message;
    event.correlation_id = correlation_id;
    event.trace_id = trace_id;
    event.request_id = request_id;
    event.metadata = metadata;
    event.run_id = run_id;
    event.seq = seq;
    tag_views.assign(tags.begin(), tags.end());
    event.tags = tag_views;
    return event;
  }

  mutable std::vector<std::string_view> tag_views;
};

inline void apply_one(Store& store, const OwnedEvent& owned) {
  const event::Event event = owned.view();
  store.apply({&event, 1});
}

inline std::vector<std::string> messages(const Answer& answer) {
  std::vector<std::string> all;
  for (const event::Event& event : answer.events) all.emplace_back(event.message);
  return all;
}

/// An id of 128 bits that no other number gives.
inline std::string long_id(uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string id(32, 'a');
  for (size_t i = 0; i < 16; ++i) id[31 - i] = kDigits[(number >> (4 * i)) & 15];
  return id;
}

}  // namespace gasoline::store
