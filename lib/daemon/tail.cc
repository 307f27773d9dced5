#include "daemon/tail.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "event/event_json.h"

namespace gasoline::daemon {
namespace {

constexpr size_t kBatchEvents = 500;
constexpr int64_t kLookAroundUs = 1'000'000;
/// A burst of small batches costs one look every so often, not one each.
constexpr int64_t kLookIntervalUs = 500;

template <typename Number>
bool take_hex(std::string_view& from, Number& value) {
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), value, 16);
  if (error != std::errc() || end == from.data() + from.size() || *end != '.') return false;
  from.remove_prefix(static_cast<size_t>(end - from.data()) + 1);
  return true;
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20;
  });
}

}  // namespace

std::string format_tail_place(const TailPlace& place) {
  return fmt::format("{:x}.{:x}.{:x}.{}", place.epoch, place.arrival, place.receive_time_us,
                     is_printable(place.event_id) ? place.event_id : "");
}

bool parse_tail_place(std::string_view text, TailPlace& place) {
  if (!take_hex(text, place.epoch) || !take_hex(text, place.arrival) ||
      !take_hex(text, place.receive_time_us) || text.size() > event::kEventIdSizeMax) {
    return false;
  }
  place.event_id = text;
  return true;
}

Tail::Tail(const store::Store& store, const Clock& clock, Options options)
    : store_(store),
      clock_(clock),
      options_(options),
      epoch_(static_cast<uint64_t>(clock.wall_us())),
      thread_([this] { run(); }) {}

Tail::~Tail() {
  is_closed_ = true;
  wake_.notify();
  thread_.join();
}

bool Tail::try_reserve() {
  if (reserved_.fetch_add(1) < options_.readers_max) return true;
  --reserved_;
  ++counters_.readers_refused;
  return false;
}

void Tail::add(const store::Query& filters, const std::optional<TailPlace>& after,
               http::ResponseStream stream) {
  auto reader = std::make_unique<Reader>(
      Reader{std::move(stream), store::EventMatcher(filters), store_.next_arrival(), {}, 0, 0});
  if (after && after->epoch == epoch_) {
    reader->next = std::min(reader->next, after->arrival + 1);
  } else if (after) {
    reader->next = store_.arrival_since(after->receive_time_us);
    reader->skip_to = *after;
    if (!store_.contains(after->event_id)) reader->skip_to.event_id.clear();
  }
  // Says at once that somebody is there.
  static_cast<void>(reader->stream.try_write(": tail\nretry: 1000\n\n"));
  reader->last_write_us = clock_.monotonic_us();
  {
    const std::lock_guard lock(mutex_);
    newcomers_.push_back(std::move(reader));
  }
  ++counters_.readers;
  wake_.notify();
}

void Tail::notify() {
  if (reserved_.load(std::memory_order_relaxed) > 0) wake_.notify();
}

void Tail::run() {
  ::pthread_setname_np(::pthread_self(), "tail");
  while (!is_closed_) {
    const int64_t looked_at_us = clock_.monotonic_us();
    take_newcomers();
    options_.on_step();
    has_batch_ = false;
    bool has_more = false;
    for (const std::unique_ptr<Reader>& reader : readers_) {
      has_more = serve(*reader) || has_more;
      keep_alive(*reader);
    }
    const size_t gone = std::erase_if(
        readers_, [](const std::unique_ptr<Reader>& reader) { return !reader->stream.is_open(); });
    counters_.readers -= gone;
    reserved_ -= gone;
    if (has_more) continue;
    wake_.wait(kLookAroundUs);
    const int64_t early_us = looked_at_us + kLookIntervalUs - clock_.monotonic_us();
    if (early_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(early_us));
  }
}

void Tail::take_newcomers() {
  const std::lock_guard lock(mutex_);
  for (std::unique_ptr<Reader>& reader : newcomers_) readers_.push_back(std::move(reader));
  newcomers_.clear();
}

/// Readers that keep up stand at the same place: they share what was read.
const store::Arrivals& Tail::arrivals_from(uint64_t from) {
  if (!has_batch_ || batch_.from != from) store_.arrivals(from, kBatchEvents, batch_);
  has_batch_ = true;
  return batch_;
}

bool Tail::serve(Reader& reader) {
  const uint64_t limit = store_.next_arrival();
  if (limit - reader.next > options_.lag_events_max) move_on(reader, limit);
  if (reader.lost > 0 && !tell_lost(reader)) return false;
  if (reader.next == limit) return false;
  const store::Arrivals& batch = arrivals_from(reader.next);
  lose(reader, batch.evicted);
  for (size_t i = 0; i < batch.page.arrivals.size(); ++i) {
    const event::Event& event = batch.page.events[i];
    if (!reader.matcher.admits(event) || is_known(reader, event)) continue;
    const TailPlace place{epoch_, batch.page.arrivals[i], event.receive_time_us,
                          std::string(event.event_id)};
    text_ = "id: " + format_tail_place(place) + "\ndata: ";
    event::append_json(text_, event);
    text_ += "\n\n";
    if (!reader.stream.try_write(text_)) {
      reader.next = batch.page.arrivals[i];
      return false;
    }
    reader.last_write_us = clock_.monotonic_us();
    ++counters_.events_sent;
  }
  reader.next = batch.next;
  return reader.next < store_.next_arrival();
}

/// Moves a reader that is too far behind to where it is half as far behind. Who asked for everything
/// loses everything in between; for others it has to be looked at, but for what is very far behind.
void Tail::move_on(Reader& reader, uint64_t limit) {
  const uint64_t goal = limit - options_.lag_events_max / 2;
  const uint64_t looked_at_max = std::min(limit, 2 * options_.lag_events_max);
  const uint64_t jump_to =
      reader.matcher.admits_all() ? goal : std::max(reader.next, limit - looked_at_max);
  lose(reader, jump_to - reader.next);
  reader.next = jump_to;
  while (reader.next < goal && !is_closed_) {
    const store::Arrivals& batch = arrivals_from(reader.next);
    const auto admitted =
        std::count_if(batch.page.events.begin(), batch.page.events.end(),
                      [&](const event::Event& event) { return reader.matcher.admits(event); });
    lose(reader, static_cast<uint64_t>(admitted) + batch.evicted);
    reader.next = batch.next;
  }
}

void Tail::lose(Reader& reader, uint64_t events) {
  reader.lost += events;
  counters_.events_lost += events;
}

/// True if the reader had the event from the daemon that ran before this one.
bool Tail::is_known(Reader& reader, const event::Event& event) {
  TailPlace& place = reader.skip_to;
  if (place.receive_time_us == 0) return false;
  if (event.receive_time_us < place.receive_time_us) return true;
  if (event.receive_time_us > place.receive_time_us || place.event_id.empty()) {
    place = {};
    return false;
  }
  if (event.event_id == place.event_id) place = {};
  return true;
}

bool Tail::tell_lost(Reader& reader) {
  const bool is_told = reader.stream.try_write(
      fmt::format("event: lost\ndata: {{\"count\":{}}}\n\n", reader.lost));
  if (is_told) reader.lost = 0;
  return is_told;
}

void Tail::keep_alive(Reader& reader) {
  const int64_t now_us = clock_.monotonic_us();
  if (now_us - reader.last_write_us < options_.heartbeat_us) return;
  reader.last_write_us = now_us;
  static_cast<void>(reader.stream.try_write(":\n\n"));
}

}  // namespace gasoline::daemon
