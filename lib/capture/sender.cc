#include "capture/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "process/scheduling.h"
#include "spool/spool_directory.h"

namespace gasoline::capture {
namespace {

constexpr int64_t kRetryDelayMinUs = 100'000;
constexpr int64_t kRetryDelayMaxUs = 30'000'000;
constexpr int64_t kQuickRetryDelayUs = 20'000;  // while the daemon that we started comes up
constexpr int kQuickRetries = 100;
constexpr int64_t kAdoptionIntervalUs = 30'000'000;
// Before anybody has answered: what nobody may ever take is not to fill our memory.
constexpr spool::BatchLimits kFirstBatch{16, 64 * 1024};

/// Elements of an answer's "failed": each has one index, and a quote within a text has a backslash.
uint64_t count_failed(std::string_view failed) {
  constexpr std::string_view kIndex = "\"index\":";
  uint64_t count = 0;
  for (size_t at = failed.find(kIndex); at != std::string_view::npos;
       at = failed.find(kIndex, at + 1)) {
    ++count;
  }
  return count;
}

bool means_nobody(const Error& error) {
  return error.code == ENOENT || error.code == ECONNREFUSED;
}

}  // namespace

Sender::Sender(io::FileSystem& files, const Clock& clock, Random& random, Options options,
               std::function<void(uint64_t)> on_acknowledged,
               std::function<void(const std::string&)> on_problem)
    : files_(files),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      on_acknowledged_(std::move(on_acknowledged)),
      on_problem_(std::move(on_problem)),
      starter_(options_.daemon_program),
      rings_(files, clock, random, options_.ring_directory,
             [this](const std::string& problem) { report("rings", problem); }) {}

Sender::~Sender() {
  if (thread_.joinable()) finish(0, 0);
}

void Sender::start(spool::RunDescription run, std::function<std::string()> directory,
                   SpoolClaims* claims) {
  run_ = std::move(run);
  claims_ = claims;
  directory_ = std::move(directory);
  thread_ = std::thread([this] { this->run(); });
}

void Sender::notify() {
  if (!is_idle_.exchange(false)) return;
  const std::lock_guard lock(mutex_);
  // A full mailbox means that the loop has not slept since: it will look at the spool anyway.
  if (mailbox_ != nullptr) static_cast<void>(mailbox_->try_post([this] { pump(); }));
}

bool Sender::finish(int64_t timeout_us, int64_t unanswered_timeout_us) {
  {
    std::unique_lock lock(mutex_);
    started_.wait(lock, [this] { return has_started_; });
    const bool posted = mailbox_ == nullptr || mailbox_->try_post([=, this] {
      is_finishing_ = true;
      const int64_t limit_us =
          has_answered_ ? timeout_us : std::min(timeout_us, unanswered_timeout_us);
      deadline_timer_->start(limit_us);
      if (nobody_listens_) return end(false);
      pump();
    });
    GASOLINE_ASSERT(posted);
  }
  thread_.join();
  return delivered_;
}

void Sender::run() {
  process::avoid_interrupting_others();
  loop::Loop loop;
  loop_ = &loop;
  client_ = std::make_unique<http::Client>(loop, options_.target, size_t{16} << 20);
  retry_timer_ = std::make_unique<loop::Timer>(loop, [this] {
    is_waiting_to_retry_ = false;
    starter_.reap();
    pump();
  });
  deadline_timer_ = std::make_unique<loop::Timer>(loop, [this] { end(false); });
  loop::Mailbox mailbox(loop, 16);
  {
    const std::lock_guard lock(mutex_);
    mailbox_ = &mailbox;
    has_started_ = true;
  }
  started_.notify_one();
  pump();
  loop.run();
  {
    const std::lock_guard lock(mutex_);
    mailbox_ = nullptr;
  }
  own_.reset();
  adopted_.reset();
  deadline_timer_.reset();
  retry_timer_.reset();
  client_.reset();
}

void Sender::end(bool delivered) {
  delivered_ = delivered;
  loop_->stop();
}

/// Sends the next batch, if nothing is in flight and nothing says to wait.
void Sender::pump() {
  if (in_flight_ != nullptr || is_waiting_to_retry_) return;
  is_idle_.store(true);
  if (open_own() && prepare(*own_)) return send(*own_);
  // Complete, since the spool was complete before finish() was called.
  if (is_finishing_) return end(own_ != nullptr && own_->is_readable);
  if (has_answered_ && (adopted_ != nullptr || adopt_next())) {
    if (prepare(*adopted_)) return send(*adopted_);
    // One that cannot be read now is for another time: letting go of its lock loses nothing.
    if (!adopted_->is_readable) {
      adopted_.reset();
    } else {
      finish_adopted();
    }
    is_idle_.store(false);
    return pump();
  }
}

bool Sender::open_own() {
  if (own_ != nullptr) return true;
  std::string directory = directory_();
  if (directory.empty()) return false;
  auto reader = spool::SpoolReader::open(files_, directory, run_);
  if (!reader) {
    report("read", "cannot read the spool: " + reader.error().to_string());
    return false;
  }
  own_ = std::make_unique<Outgoing>();
  own_->directory = std::move(directory);
  own_->reader = std::move(*reader);
  own_->limits = kFirstBatch;
  return true;
}

/// Fills the batch if it is empty. False if there is nothing to send.
bool Sender::prepare(Outgoing& outgoing) {
  if (outgoing.batch.events > 0) return true;
  const Status read = read_batch(outgoing);
  outgoing.is_readable = read.has_value();
  if (!read) {
    report("read", "cannot read the spool: " + read.error().to_string());
    return false;
  }
  return outgoing.batch.events > 0;
}

/// Reads the next batch, and claims it if somebody else may drop it.
Status Sender::read_batch(Outgoing& outgoing) {
  spool::SpoolReader& reader = *outgoing.reader;
  if (claims_ == nullptr || &outgoing != own_.get()) {
    outgoing.batch_start = reader.position();
    return reader.next_batch(outgoing.limits, outgoing.batch);
  }
  outgoing.limits.end_record = claims_->end_record.load(std::memory_order_acquire);
  const std::lock_guard lock(claims_->mutex);
  if (reader.position().record < claims_->floor_record) {
    if (Status sought = reader.seek({claims_->floor_record, 0}); !sought) return sought;
  }
  outgoing.batch_start = reader.position();
  if (Status read = reader.next_batch(outgoing.limits, outgoing.batch); !read) return read;
  if (outgoing.batch.events > 0) {
    claims_->claimed_end_seq = std::max(claims_->claimed_end_seq, outgoing.batch.end_seq());
  }
  return {};
}

/// True if the batch exists in our memory only.
bool Sender::was_dropped(const Outgoing& outgoing) {
  if (claims_ == nullptr || &outgoing != own_.get()) return false;
  const std::lock_guard lock(claims_->mutex);
  return outgoing.batch_start.record < claims_->floor_record;
}

void Sender::send(Outgoing& outgoing) {
  is_idle_.store(false);
  in_flight_ = &outgoing;
  http::Request request;
  request.method = "POST";
  request.target = "/v1/events";
  request.headers.push_back({"Content-Type", "application/json"});
  if (claims_ != nullptr && &outgoing == own_.get()) {
    const std::lock_guard lock(claims_->mutex);
    request.headers.push_back(
        {"Gasoline-Acknowledged", std::to_string(claims_->acknowledged_end_seq - 1)});
  }
  request.body = outgoing.batch.body;
  client_->send(std::move(request), options_.request_timeout_us,
                [this](Result<http::Response> answer) { on_answer(std::move(answer)); });
}

void Sender::on_answer(Result<http::Response> answer) {
  if (!answer) return on_unreachable(answer.error());
  nobody_listens_ = false;
  const Acknowledgement said = read_acknowledgement(*answer);
  switch (said.verdict) {
    case Verdict::kTaken:
      return on_taken(said);
    case Verdict::kTooMuch:
      return on_refused();
    case Verdict::kLater:
      return retry_later(said.retry_after_us);
    case Verdict::kNotOurs:
      break;
  }
  report("foreign",
         fmt::format("what answers at {} is not gasolined (HTTP {}); lines are kept in the "
                     "spool",
                     options_.target_name, answer->status));
  retry_later(0);
}

/// Asks a daemon that is older than we are to end; the next attempt finds nobody and starts ours.
/// Once.
bool Sender::replace_older_daemon(std::string_view version) {
  const bool may_replace = !options_.daemon_program.empty() && !starter_.was_tried() &&
                           !is_finishing_ && is_older_version(version, options_.version);
  if (!may_replace || is_replacing_) return false;
  is_replacing_ = true;
  http::Request request;
  request.method = "POST";
  request.target = "/v1/end";
  in_flight_ = own_.get();
  client_->send(std::move(request), options_.request_timeout_us,
                [this](const Result<http::Response>&) {
                  client_->close();
                  retry_later(0);
                });
  return true;
}

void Sender::on_taken(const Acknowledgement& said) {
  const std::string_view failed = said.failed;
  has_answered_ = true;
  retry_delay_us_ = 0;
  counters_.acknowledged_events.fetch_add(in_flight_->batch.events, std::memory_order_relaxed);
  if (!failed.empty()) reject(failed);
  in_flight_->limits = spool::BatchLimits{};
  const std::string version(said.version);
  move_on(version);
}

/// The batch is done with: releases what is behind it and sends the next.
void Sender::move_on(std::string_view daemon_version) {
  Outgoing& outgoing = *std::exchange(in_flight_, nullptr);
  if (claims_ != nullptr && &outgoing == own_.get()) {
    const std::lock_guard lock(claims_->mutex);
    claims_->acknowledged_end_seq = outgoing.batch.end_seq();
  }
  outgoing.batch.events = 0;
  const uint64_t record = outgoing.reader->position().record;
  if (&outgoing == own_.get()) {
    on_acknowledged_(record);
  } else if (Status released = outgoing.lock->release_before(record); !released) {
    report("release", released.error().to_string());
  }
  if (!replace_older_daemon(daemon_version)) pump();
}

/// The daemon cannot take these events: halves the batch until the bad one is alone, and leaves
/// that out.
void Sender::on_refused() {
  has_answered_ = true;
  Outgoing& outgoing = *in_flight_;
  const bool can_be_split = outgoing.batch.events > 1 && !was_dropped(outgoing);
  if (!can_be_split) {
    reject(outgoing.batch.events == 1
               ? "[{\"index\":0,\"error\":\"refused by itself\"}]"
               : "[{\"error\":\"refused together, and no longer in the spool to be split\"}]");
    outgoing.limits = spool::BatchLimits{};
    return move_on({});
  }
  outgoing.limits.events_max = outgoing.batch.events / 2;
  outgoing.batch.events = 0;
  in_flight_ = nullptr;
  if (Status sought = outgoing.reader->seek(outgoing.batch_start); !sought) {
    report("read", "cannot read the spool: " + sought.error().to_string());
    return retry_later(0);
  }
  pump();
}

void Sender::on_unreachable(const Error& error) {
  counters_.failed_requests.fetch_add(1, std::memory_order_relaxed);
  nobody_listens_ = means_nobody(error);
  if (nobody_listens_ && !options_.daemon_program.empty() && !starter_.was_tried()) {
    quick_retries_left_ = kQuickRetries;
    if (Status started = starter_.start(); !started) {
      report("start", "cannot start the daemon: " + started.error().to_string() +
                          "; lines are kept in the spool until one runs");
    }
  }
  // Nobody to wait for: what is left is for whoever adopts it.
  if (is_finishing_ && nobody_listens_) {
    in_flight_ = nullptr;
    return end(false);
  }
  retry_later(0);
}

void Sender::retry_later(int64_t least_delay_us) {
  in_flight_ = nullptr;
  is_waiting_to_retry_ = true;
  if (quick_retries_left_ > 0 && nobody_listens_ && !has_answered_) {
    --quick_retries_left_;
    retry_timer_->start(kQuickRetryDelayUs);
    return;
  }
  retry_delay_us_ = std::clamp(2 * retry_delay_us_, kRetryDelayMinUs, kRetryDelayMaxUs);
  // Half of it is chance, so that ten wrappers do not come back in step.
  const auto jitter_us =
      static_cast<int64_t>(random_.next_u64() % static_cast<uint64_t>(retry_delay_us_ / 2));
  retry_timer_->start(std::max(least_delay_us, retry_delay_us_ / 2 + jitter_us));
}

/// Notes what the daemon refused. Never the text of the lines: only the spool may hold it unmasked.
void Sender::reject(std::string_view failed) {
  counters_.rejected_events.fetch_add(count_failed(failed), std::memory_order_relaxed);
  const std::string path = in_flight_->directory + "/" + spool::kRejectedFileName;
  auto file = files_.open(path, io::OpenMode::kCreateIfMissing);
  if (!file) return report("reject", file.error().to_string());
  const auto status = file.value()->status();
  const std::string line =
      fmt::format("{{\"first_seq\":{},\"events\":{},\"failed\":{}}}\n", in_flight_->batch.first_seq,
                  in_flight_->batch.events, failed);
  if (!status) return report("reject", status.error().to_string());
  if (Status written = file.value()->write_at(line, status->size_bytes); !written) {
    report("reject", written.error().to_string());
  }
  report("rejected", "the daemon refused some lines; see " + path);
}

/// Takes over the spool of a run whose wrapper is gone, one at a time and only while ours is empty.
bool Sender::adopt_next() {
  if (options_.adoption_directory.empty() || clock_.monotonic_us() < next_adoption_us_)
    return false;
  if (last_directory_tried_.empty()) rings_.look_around();
  for (const std::string& directory : spool::list_runs(files_, options_.adoption_directory)) {
    if (directory <= last_directory_tried_ || directory.ends_with(run_.run_id)) continue;
    last_directory_tried_ = directory;
    auto taken = spool::take_dead_run(files_, clock_, random_, rings_, directory);
    if (!taken || !taken->has_value()) continue;
    adopted_ = std::make_unique<Outgoing>();
    adopted_->directory = directory;
    adopted_->lock = std::move((*taken)->lock);
    adopted_->reader = std::move((*taken)->reader);
    return true;
  }
  last_directory_tried_.clear();
  next_adoption_us_ = clock_.monotonic_us() + kAdoptionIntervalUs;
  return false;
}

void Sender::finish_adopted() {
  journal::SegmentPool pool(files_, spool::pool_directory(options_.adoption_directory));
  if (Status removed = spool::remove_run(files_, adopted_->directory, &pool); !removed) {
    report("adopt", removed.error().to_string());
  }
  adopted_.reset();
}

void Sender::report(std::string_view cause, const std::string& text) {
  if (std::find(reported_.begin(), reported_.end(), cause) != reported_.end()) return;
  reported_.emplace_back(cause);
  on_problem_(text);
}

}  // namespace gasoline::capture
