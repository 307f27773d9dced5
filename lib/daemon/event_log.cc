#include "daemon/event_log.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "event/event_codec.h"
#include "journal/reader.h"

namespace gasoline::daemon {
namespace {

constexpr uint64_t kSampleBytes = 4 << 20;

}  // namespace

EventLog::EventLog(io::FileSystem& files, Options options, const Clock& clock, Log& log,
                   std::unique_ptr<journal::Writer> journal)
    : files_(files),
      options_(std::move(options)),
      clock_(clock),
      log_(log),
      journal_(std::move(journal)),
      sync_thread_(
          std::make_unique<journal::SyncThread>(*journal_, [this](uint64_t, const Status& status) {
            if (!status) log_.error("event log: " + status.error().to_string());
          })) {}

Result<std::unique_ptr<EventLog>> EventLog::open(io::FileSystem& files, Options options,
                                                 const Clock& clock, Random& random, Log& log) {
  journal::WriterOptions writer;
  writer.sync = options.sync;
  writer.segment_size_bytes = std::min<uint64_t>(64ull << 20, options.size_bytes_max / 4);
  auto journal = journal::Writer::open(files, options.directory, writer, clock, random);
  if (!journal) return journal.error();
  return std::unique_ptr<EventLog>(
      new EventLog(files, std::move(options), clock, log, std::move(*journal)));
}

Status EventLog::replay(const std::function<void(std::span<const event::Event>)>& apply) {
  auto reader = journal::Reader::open(files_, options_.directory);
  if (!reader) return reader.error();
  while (true) {
    const journal::ReadResult result = reader.value()->read_next();
    if (std::holds_alternative<journal::EndOfLog>(result)) return {};
    if (const auto* error = std::get_if<Error>(&result)) return *error;
    if (const auto* damage = std::get_if<journal::Corruption>(&result)) {
      if (damage->is_released) continue;
      damaged_records_.fetch_add(damage->end_missing - damage->first_missing);
      log_.error(fmt::format("event log: {} bytes of {} are damaged; records {} to {} are gone",
                             damage->bytes, damage->segment, damage->first_missing,
                             damage->end_missing));
      continue;
    }
    const auto& record = std::get<journal::Record>(result);
    arena_.reset();
    if (!event::parse_log_record(record.payload, replayed_, arena_)) {
      damaged_records_.fetch_add(1);
      continue;
    }
    for (const event::LoggedMark& mark : replayed_.marks) {
      marks_.advance(mark.run_id, mark.seq, mark.time_us);
    }
    advance_marks(replayed_.events);
    if (replayed_.events.empty()) continue;
    apply(replayed_.events);
    sample(record.sequence, replayed_.events.back().receive_time_us, record.payload.size());
  }
}

/// One record a batch, so that a batch is in the log as a whole or not at all: a part of it would
/// be stored again by the producer's retry.
Status EventLog::append(std::span<const event::Event> events) {
  if (events.empty()) return {};
  payload_.assign({event::kLogVersion, event::kLogEvents});
  for (const event::Event& event : events) event::append_encoded(payload_, event);
  if (Status appended = append_payload(payload_, events.back().receive_time_us); !appended) {
    return appended;
  }
  advance_marks(events);
  return {};
}

/// Events of a run come together and in its order: only the last of them moves its mark.
void EventLog::advance_marks(std::span<const event::Event> events) {
  for (size_t i = 0; i < events.size(); ++i) {
    const event::Event& event = events[i];
    const bool is_last = i + 1 == events.size() || events[i + 1].run_id != event.run_id ||
                         events[i + 1].seq < event.seq;
    if (is_last && !event.run_id.empty()) {
      marks_.advance(event.run_id, event.seq, event.receive_time_us);
    }
  }
}

Status EventLog::append_payload(std::string_view payload, int64_t time_us) {
  const auto sequence = journal_->append(payload);
  if (!sequence) return sequence.error();
  sample(*sequence, time_us, payload.size());
  return {};
}

Status EventLog::append_marks() {
  payload_.assign({event::kLogVersion, event::kLogRunMarks});
  marks_.for_each([this](std::string_view run_id, const RunMarks::Mark& mark) {
    append_sized(payload_, run_id);
    append_varint(payload_, mark.seq);
    append_varint(payload_, static_cast<uint64_t>(mark.time_us));
  });
  if (payload_.size() == 2) return {};
  return append_payload(payload_, clock_.wall_us());
}

void EventLog::sample(uint64_t sequence, int64_t time_us, uint64_t bytes) {
  bytes_since_sample_ += bytes;
  if (!samples_.empty() && bytes_since_sample_ < kSampleBytes) return;
  bytes_since_sample_ = 0;
  samples_.push_back({sequence, time_us});
}

void EventLog::retain() {
  const int64_t now_us = clock_.wall_us();
  marks_.expire(now_us);
  uint64_t release_before = 0;
  while (samples_.size() > 1 && samples_[1].time_us < now_us - options_.ttl_us) {
    release_before = samples_[1].sequence;
    samples_.pop_front();
  }
  const bool is_too_large = journal_->size_bytes() > options_.size_bytes_max;
  if (release_before == 0 && !is_too_large) return;
  if (Status written = append_marks(); !written) {
    return log_.error("event log: " + written.error().to_string());
  }
  if (Status released = journal_->release_before(release_before); !released) {
    log_.error("event log: " + released.error().to_string());
  }
  while (journal_->size_bytes() > options_.size_bytes_max) {
    const auto dropped = journal_->drop_oldest();
    if (!dropped || !dropped->has_value()) break;
    log_.info(
        fmt::format("event log: {} bytes over the bound were released", dropped.value()->bytes));
  }
}

}  // namespace gasoline::daemon
