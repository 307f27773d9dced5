#include "daemon/pipeline.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>

#include "base/ids.h"
#include "event/event_codec.h"
#include "event/gap.h"
#include "event/json_text.h"

namespace gasoline::daemon {
namespace {

constexpr int64_t kMaintenanceIntervalUs = 10'000'000;
constexpr int64_t kKeepingIntervalUs = 60'000'000;
constexpr uint64_t kMessageSizeBytesMax = 4ull << 20;
constexpr uint64_t kMetadataSizeBytesMax = 1ull << 20;
constexpr uint64_t kAppendSizeBytes = 8ull << 20;  // about; the journal's bound is twice that

uint64_t rough_size(const event::Event& event) {
  return event.message.size() + event.metadata.size() + 512;
}

/// FNV-1a: the part of an event's id that tells runs apart. Deterministic, so that an event which
/// is delivered twice has one id.
uint64_t fingerprint(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

void append_failure(std::string& to, size_t index, std::string_view error) {
  if (!to.empty()) to.push_back(',');
  fmt::format_to(std::back_inserter(to), "{{\"index\":{},\"error\":", index);
  event::append_json_string(to, error);
  to.push_back('}');
}

}  // namespace

std::string_view to_string(AckLevel level) noexcept {
  switch (level) {
    case AckLevel::kMemory:
      return "memory";
    case AckLevel::kWritten:
      return "written";
    case AckLevel::kSynced:
      return "synced";
  }
  return "written";
}

uint64_t Pipeline::Job::size_bytes() const {
  if (lines == nullptr) return body.size();
  return lines->text.size() + lines->lines.size() * sizeof(source::LineBatch::Line);
}

Pipeline::Pipeline(EventLog& log, store::Store& store,
                   std::shared_ptr<const understand::Rules> rules, const Clock& clock,
                   Random& random, Log& diary, Options options)
    : log_(log),
      store_(store),
      rules_(std::move(rules)),
      understanding_(*rules_, clock),
      clock_(clock),
      random_(random),
      diary_(diary),
      options_(options),
      indexer_([this](Work& work) { index(work); }) {}

Pipeline::~Pipeline() {
  drain();
}

void Pipeline::start() {
  thread_ = std::thread([this] { run(); });
}

bool Pipeline::submit(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    const bool is_full =
        queue_.size() >= options_.queued_bodies_max ||
        (!queue_.empty() && queued_bytes_ + job.size_bytes() > options_.queued_bytes_max);
    if (is_closed_ || is_full) {
      counters_.refused_bodies.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    queued_bytes_ += job.size_bytes();
    queue_.push_back(std::move(job));
  }
  wake_.notify_one();  // not under the lock, which the other thread would wake up to wait for
  return true;
}

void Pipeline::drain() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Pipeline::use_rules(std::shared_ptr<const understand::Rules> rules) {
  const std::lock_guard lock(mutex_);
  new_rules_ = std::move(rules);
}

void Pipeline::take_rules() {
  std::shared_ptr<const understand::Rules> before;
  const std::lock_guard lock(mutex_);
  if (new_rules_ == nullptr) return;
  understanding_.use(*new_rules_);
  before = std::exchange(rules_, std::exchange(new_rules_, nullptr));
}

uint64_t Pipeline::queued_bytes() const {
  const std::lock_guard lock(mutex_);
  return queued_bytes_;
}

size_t Pipeline::queued_bodies() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Pipeline::run() {
  ::pthread_setname_np(::pthread_self(), "pipeline");
  replay();
  is_ready_.store(true, std::memory_order_release);
  while (true) {
    std::vector<Job> jobs = take_jobs();
    options_.on_step();
    take_rules();
    if (jobs.empty()) break;
    std::vector<Answered> answered;
    for (Job& job : jobs) {
      if (job.done != nullptr) take(job, answered);  // else a wake-up for maintenance
    }
    if (!answered.empty()) {
      const Status synced = log_.sync();
      indexer_.wait_until_idle();
      for (Answered& entry : answered) {
        if (!synced && entry.outcome.code == Outcome::Code::kTaken) {
          entry.outcome.code = Outcome::Code::kUnavailable;
          entry.outcome.detail = synced.error().to_string();
        }
        entry.done(std::move(entry.outcome));
      }
    }
    maintain();
  }
  keep_learnt();
  indexer_.wait_until_idle();
  if (Status synced = log_.sync(); !synced)
    diary_.error("event log: " + synced.error().to_string());
}

/// Brings a job as far as the log and hands it over. Under kSynced its answer waits: one sync
/// serves all bodies that came together.
void Pipeline::take(Job& job, std::vector<Answered>& answered) {
  work_ = &indexer_.take();
  work_->body = std::move(job.body);
  work_->lines = std::move(job.lines);
  work_->batch.clear();
  work_->accepted.clear();
  work_->arena.reset();
  work_->logged = 0;
  work_->is_whole = false;
  Outcome outcome = process(job);
  if (options_.ack == AckLevel::kSynced) {
    answered.push_back({std::move(job.done), std::move(outcome)});
  } else {
    work_->done = [done = std::move(job.done), outcome = std::move(outcome)]() mutable {
      done(std::move(outcome));
    };
  }
  indexer_.submit(*work_);
}

void Pipeline::index(const Work& work) {
  if (work.logged == 0) return;
  store_.apply(std::span(work.accepted).first(work.logged));
  if (work.is_whole) options_.on_stored(work.accepted, work.batch.sent_at_us);
}

void Pipeline::replay() {
  const int64_t start_us = clock_.monotonic_us();
  if (!options_.learnt.empty() && !understanding_.recall(options_.learnt)) {
    diary_.warn("what was learnt of columns of ids is not of this form; they are learnt again");
  }
  uint64_t events = 0;
  const Status replayed = log_.replay([&](std::span<const event::Event> batch) {
    events += batch.size();
    store_.apply(batch);
    for (const event::Event& event : batch) understanding_.resume(event);
    options_.on_stored(batch, 0);
    options_.on_step();
  });
  if (!replayed) diary_.error("event log: " + replayed.error().to_string());
  // Sources that start with us get the time to say which marks they still need.
  next_maintenance_us_ = clock_.monotonic_us() + kMaintenanceIntervalUs;
  if (events > 0) {
    diary_.info(fmt::format("{} events brought back in {} ms", events,
                            (clock_.monotonic_us() - start_us) / 1000));
  }
}

/// The bodies that wait; one empty job when it is time for maintenance; nothing at the end.
std::vector<Pipeline::Job> Pipeline::take_jobs() {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, std::chrono::microseconds(kMaintenanceIntervalUs),
                 [this] { return !queue_.empty() || is_closed_; });
  std::vector<Job> jobs;
  if (queue_.empty() && !is_closed_) jobs.emplace_back();
  // The queue's bytes count until they are worked off, so only a few bodies leave it at a time.
  constexpr size_t kJobsPerTurn = 16;
  while (!queue_.empty() && jobs.size() < kJobsPerTurn) {
    queued_bytes_ -= queue_.front().size_bytes();
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return jobs;
}

Outcome Pipeline::process(const Job& job) {
  Outcome outcome;
  counters_.batches.fetch_add(1, std::memory_order_relaxed);
  now_us_ = clock_.wall_us();
  has_ids_ = false;
  if (work_->lines != nullptr) {
    take_lines(*work_->lines, outcome);
    if (outcome.code == Outcome::Code::kUnavailable) return outcome;
  } else if (read_body(job.form, outcome)) {
    understanding_.use_zone({});
    // What comes again is looked for in the store.
    if (states_ids()) indexer_.wait_until_idle();
    const auto expected = understanding_.expect(work_->batch.texts);
    select_events(job.acknowledged_seq, outcome);
  } else {
    return outcome;
  }
  finish(outcome);
  return outcome;
}

bool Pipeline::states_ids() const {
  return work_->batch.run_id.empty() &&
         std::any_of(work_->batch.events.begin(), work_->batch.events.end(),
                     [](const event::Event& event) { return !event.event_id.empty(); });
}

bool Pipeline::read_body(event::BatchForm form, Outcome& outcome) {
  std::string& body = work_->body;
  body.reserve(body.size() + event::EventReader::kPaddingBytes);
  if (Status read = work_->reader.read(body, form, work_->arena, work_->batch); !read) {
    counters_.bad_bodies.fetch_add(1, std::memory_order_relaxed);
    outcome.code =
        read.error().code == Error::kTooLarge ? Outcome::Code::kTooLarge : Outcome::Code::kInvalid;
    outcome.detail = read.error().detail;
    return false;
  }
  return check_run(outcome);
}

/// Logs what was accepted.
void Pipeline::finish(Outcome& outcome) {
  if (Status stored = store_batch(); !stored) {
    counters_.log_failures.fetch_add(1, std::memory_order_relaxed);
    understanding_.forget_open_events();
    diary_.error("event log: " + stored.error().to_string());
    outcome.code = Outcome::Code::kUnavailable;
    outcome.detail = stored.error().to_string();
    return;
  }
  work_->is_whole = true;
  for (const event::ParsedBatch::Failure& failure : work_->batch.failures) {
    append_failure(outcome.failed, failure.index, failure.error);
  }
  counters_.events.fetch_add(work_->accepted.size(), std::memory_order_relaxed);
  counters_.duplicates.fetch_add(outcome.duplicates, std::memory_order_relaxed);
  counters_.failed_events.fetch_add(work_->batch.failures.size(), std::memory_order_relaxed);
  counters_.secrets_masked.store(understanding_.counters().secrets_masked,
                                 std::memory_order_relaxed);
  counters_.ids_rejected.store(understanding_.counters().ids_rejected, std::memory_order_relaxed);
  counters_.lines_joined.store(understanding_.counters().lines_joined, std::memory_order_relaxed);
  counters_.joins_cut.store(understanding_.counters().joins_cut, std::memory_order_relaxed);
  const bool has_failures = !work_->batch.failures.empty();
  if (outcome.count == 0 && has_failures) outcome.code = Outcome::Code::kNoneTaken;
}

bool Pipeline::check_run(Outcome& outcome) {
  const std::string_view run_id = work_->batch.run_id;
  if (run_id.empty()) return true;
  if (!is_ulid(run_id)) {
    outcome.code = Outcome::Code::kInvalid;
    outcome.detail = "'run_id' must be a ULID";
    return false;
  }
  if (log_.marks().last_seq(run_id) == 0 && is_beyond_marks(run_id, now_us_)) {
    diary_.warn(
        fmt::format("a batch of run {} was refused: the run began more than 7 days ago and "
                    "what it delivered before is no longer known",
                    run_id));
    outcome.code = Outcome::Code::kRunTooOld;
    outcome.detail = "the run began more than 7 days ago; its repeats cannot be recognised";
    return false;
  }
  return true;
}

/// Completes the events that are new and good; the others are counted as duplicates or failures.
void Pipeline::select_events(uint64_t acknowledged_seq, Outcome& outcome) {
  event::ParsedBatch& batch = work_->batch;
  work_->accepted.clear();
  const uint64_t taken_seq = log_.marks().last_seq(batch.run_id);
  const bool has_lost_some =
      taken_seq < acknowledged_seq && acknowledged_seq < batch.first_seq && !batch.events.empty();
  if (has_lost_some) work_->accepted.push_back(make_gap_of_lost_log(taken_seq, acknowledged_seq));
  for (size_t i = 0; i < batch.events.size(); ++i) {
    event::Event& event = batch.events[i];
    const size_t index = batch.indexes[i];
    if (event.message.size() > kMessageSizeBytesMax ||
        event.metadata.size() > kMetadataSizeBytesMax) {
      batch.failures.push_back({index, "'message' may have 4 MiB and the other fields 1 MiB"});
      continue;
    }
    const uint64_t seq = batch.run_id.empty() ? 0 : batch.first_seq + index;
    const bool is_known = batch.run_id.empty()
                              ? !event.event_id.empty() && store_.contains(event.event_id)
                              : seq <= taken_seq;
    ++outcome.count;
    if (is_known) {
      ++outcome.duplicates;
    } else {
      complete(event, seq);
      work_->accepted.push_back(event);
    }
    if (!batch.run_id.empty()) continue;
    if (!outcome.event_ids.empty()) outcome.event_ids.push_back(',');
    event::append_json_string(outcome.event_ids, event.event_id);
  }
}

/// The producer had acknowledgements of events that this log does not have: it was emptied, or a
/// power cut took its end. The gap has the last of their numbers, so a repeat makes no second one.
event::Event Pipeline::make_gap_of_lost_log(uint64_t taken_seq, uint64_t acknowledged_seq) {
  event::Event event = work_->batch.events.front();
  event::Gap gap;
  constexpr uint64_t kStartSeq = 1;  // a run's first event is its start, and no line
  gap.lines = acknowledged_seq - std::max(taken_seq, kStartSeq);
  gap.from_us = gap.to_us = event.timestamp_us;
  gap.reason = "they were acknowledged, and the event log does not have them";
  event.event_id = {};
  event.message = "earlier lines of this run are not here";
  event.metadata = work_->arena.copy(event::to_json_members(gap));
  event.line = 0;
  event.level = event::Level::kWarn;
  event.level_stated = true;
  complete(event, acknowledged_seq);
  return event;
}

void Pipeline::complete(event::Event& event, uint64_t seq) {
  if (seq > 0) {
    event.run_id = work_->batch.run_id;
    event.seq = seq;
    // The wrapper's time is when it read the line; what the line says of itself comes first.
    event.timestamp_stated = false;
  } else if (!event.timestamp_stated) {
    event.timestamp_us = now_us_;
  }
  understand(event);
}

void Pipeline::understand(event::Event& event) {
  event.receive_time_us = now_us_;
  understanding_.understand(event, work_->arena);
  if (event.event_id.empty()) event.event_id = make_event_id(event);
  understanding_.join(event, work_->arena);
}

std::string_view Pipeline::make_event_id(const event::Event& event) {
  const auto ms = static_cast<uint64_t>(std::max<int64_t>(event.timestamp_us, 0) / 1000);
  if (event.seq > 0) {
    if (event.run_id != last_run_ || last_fingerprint_ == 0) {
      last_run_.assign(event.run_id);
      last_fingerprint_ = fingerprint(event.run_id);
    }
    return work_->arena.copy(view(make_ulid(ms, static_cast<uint16_t>(last_fingerprint_ >> 48),
                                            (last_fingerprint_ << 32) ^ event.seq)));
  }
  if (!has_ids_) draw_ids();
  return work_->arena.copy(view(make_ulid(ms, id_high_bits_, id_low_bits_++)));
}

/// The ids of one job's events are random for all of them together and count from there on, as
/// ULIDs of one moment may: asking the system for each would take longer than understanding it.
void Pipeline::draw_ids() {
  has_ids_ = true;
  id_high_bits_ = static_cast<uint16_t>(random_.next_u64());
  id_low_bits_ = random_.next_u64();
}

/// A batch over the journal's bound goes in parts.
Status Pipeline::store_batch() {
  std::span<const event::Event> rest = work_->accepted;
  while (!rest.empty()) {
    size_t events = 0;
    for (uint64_t bytes = 0; events < rest.size() && bytes < kAppendSizeBytes; ++events) {
      bytes += rough_size(rest[events]);
    }
    const auto part = rest.first(events);
    if (Status appended = log_.append(part); !appended) return appended;
    work_->logged += events;
    rest = rest.subspan(events);
  }
  return {};
}

void Pipeline::maintain() {
  const int64_t now_us = clock_.monotonic_us();
  if (now_us < next_maintenance_us_) return;
  next_maintenance_us_ = now_us + kMaintenanceIntervalUs;
  log_.retain();
  if (now_us >= next_keeping_us_) {
    next_keeping_us_ = now_us + kKeepingIntervalUs;
    keep_learnt();
  }
}

void Pipeline::keep_learnt() {
  if (understanding_.lessons() == kept_lessons_) return;
  kept_lessons_ = understanding_.lessons();
  options_.keep_learnt(understanding_.learnt());
}

}  // namespace gasoline::daemon
