#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "event/event.h"
#include "skew/skew_book.h"
#include "store/query.h"

namespace gasoline::daemon {

/// What the daemon knows of the clocks behind its events.
///
/// A clock is "browser" (of events of source extension; "browser:X" with metadata.client_id X) or
/// "host:X" (metadata.host; this machine if it says none). Samples are `sent_at` of a browser's
/// batch against this machine, and `client_skew_ms` in a backend's log for a browser against that
/// backend's host: by how much the browser is behind, the message's way included.
///
/// note() is the pipeline's; everything else is for any thread.
class ClockSkew {
 public:
  explicit ClockSkew(std::string this_host) : this_clock_("host:" + std::move(this_host)) {}

  /// Takes the samples out of events that were received together. `sent_at_us` is that of their
  /// batch, 0 if it says none.
  void note(std::span<const event::Event> events, int64_t sent_at_us);

  std::string clock_of(const event::Event& event) const;
  /// Orders the events by times of one clock, where the skew is known well enough, and says each
  /// one's corrected time.
  void correct(store::Answer& answer) const;

  /// All pairs, for /v1/status.
  std::string json() const;
  /// The pairs of clocks that the answer's events have; "null" without any.
  std::string json_for(const store::Answer& answer) const;

  std::vector<skew::SkewBook::Pair> pairs() const { return book_.pairs(); }
  skew::SkewBook::Counters counters() const { return book_.counters(); }
  const std::string& this_clock() const { return this_clock_; }

 private:
  void note_sent_at(const event::Event& first, int64_t sent_at_us);
  void note_client_skew(const event::Event& event);

  const std::string this_clock_;
  skew::SkewBook book_;
};

/// What to do about a pair, in one sentence, and with which commands; both empty if nothing.
struct Recommendation {
  std::string text;
  std::vector<std::string> commands;
};
Recommendation recommend(const skew::SkewBook::Pair& pair);

}  // namespace gasoline::daemon
