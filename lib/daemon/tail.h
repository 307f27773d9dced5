#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/wake_up.h"
#include "http/response_stream.h"
#include "store/event_matcher.h"
#include "store/store.h"

namespace gasoline::daemon {

/// Where a reader of a tail stands, as the id of a server-sent event tells it.
///
/// "EPOCH.ARRIVAL.RECEIVED.EVENT-ID", the first three hexadecimal. Within one daemon (an epoch) the
/// arrival number says it all; after a restart the time of receipt leads there, and the event's own
/// id to the place among those that were received with it.
struct TailPlace {
  uint64_t epoch = 0;
  uint64_t arrival = 0;
  int64_t receive_time_us = 0;
  std::string event_id;
};
std::string format_tail_place(const TailPlace& place);
/// False for any text of another form.
bool parse_tail_place(std::string_view text, TailPlace& place);

/// Sends events to whoever listens, as they arrive. One thread of its own, which reads the store as
/// any query does: the pipeline only says that there is something new, and never waits.
///
/// A reader has a queue of bytes that wait for its connection (the stream's bound). While that is
/// full it is left where it stands, and nothing is lost as long as it is not more than
/// `lag_events_max` arrivals behind. Beyond that it is moved on: the events that it would have got
/// are counted and told to it ("event: lost"), and everybody else is served as before.
class Tail {
 public:
  struct Options {
    size_t readers_max = 64;
    size_t waiting_bytes_max = 1 << 20;  ///< of each reader
    uint64_t lag_events_max = 100'000;
    /// Called on its thread at each step, once a second at least.
    std::function<void()> on_step = [] {};
    int64_t heartbeat_us = 10'000'000;  ///< a comment, so that both sides notice a dead connection
  };
  struct Counters {
    std::atomic<uint64_t> readers{0};
    std::atomic<uint64_t> readers_refused{0};
    std::atomic<uint64_t> events_sent{0};
    std::atomic<uint64_t> events_lost{0};
  };

  Tail(const store::Store& store, const Clock& clock, Options options);
  /// Ends all streams and the thread.
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// A place for one more reader, which add() is to follow. Any thread.
  [[nodiscard]] bool try_reserve();
  /// Begins to send what `filters` admit to `stream`, from the next event on or, with a place, from
  /// the event after it. Uses up a reservation. Any thread.
  void add(const store::Query& filters, const std::optional<TailPlace>& after,
           http::ResponseStream stream);
  /// There is something new, or a reader has room. Any thread; cheap while nobody listens.
  void notify();

  const Options& options() const { return options_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Reader {
    http::ResponseStream stream;
    store::EventMatcher matcher;
    uint64_t next = 0;
    TailPlace skip_to;  // while event_id is not empty: what precedes it was sent before a restart
    uint64_t lost = 0;  // not told yet
    int64_t last_write_us = 0;
  };

  void run();
  void take_newcomers();
  /// True if there is more to do without waiting for anybody.
  bool serve(Reader& reader);
  const store::Arrivals& arrivals_from(uint64_t from);
  void move_on(Reader& reader, uint64_t limit);
  bool is_known(Reader& reader, const event::Event& event);
  bool tell_lost(Reader& reader);
  void keep_alive(Reader& reader);
  void lose(Reader& reader, uint64_t events);

  const store::Store& store_;
  const Clock& clock_;
  const Options options_;
  const uint64_t epoch_;
  Counters counters_;
  std::atomic<bool> is_closed_{false};
  std::atomic<size_t> reserved_{0};
  WakeUp wake_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> newcomers_;  // guarded by mutex_

  // The thread's own.
  std::vector<std::unique_ptr<Reader>> readers_;
  store::Arrivals batch_;
  bool has_batch_ = false;
  std::string text_;

  std::thread thread_;
};

}  // namespace gasoline::daemon
