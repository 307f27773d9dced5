#include "source/container/container_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "event/json_text.h"

namespace gasoline::source::container {
namespace {

constexpr size_t kBatchLinesMax = 10'000;
constexpr size_t kBatchBytesMax = 1 << 20;
constexpr size_t kBatchBytesWorth = 64 << 10;  // beside another one in the pipeline
constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kFullWaitUs = 20'000;
constexpr int64_t kTryAgainUs = 200'000;
constexpr int64_t kLivedUs = 5'000'000;

}  // namespace

Status StreamLimits::check() const {
  if (read_deadline_us > 0 && read_deadline_us < whole_us) return {};
  return Error::of(Error::kInvalid, "follow containers",
                   "the read deadline must be shorter than the limit of a whole stream");
}

ContainerStream::ContainerStream(loop::Loop& loop, std::string socket, ContainerInfo info,
                                 const config::SourceSettings& settings, const Surroundings& around,
                                 StreamLimits limits, std::shared_ptr<BatchAnswers> answers)
    : socket_(std::move(socket)),
      info_(std::move(info)),
      settings_(settings),
      around_(around),
      limits_(limits),
      answers_(std::move(answers)),
      client_(loop, http::Client::Target{socket_, "", 0}),
      retry_(std::hash<std::string>()(info_.id)) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    streams_[i].origin = fmt::format("container-{}-{}", info_.id, i + 1);
  }
}

void ContainerStream::begin(int64_t from_ns, int64_t safe_ns, bool has_more) {
  if (!has_more) state_ = State::kEnded;
  from_ns_ = from_ns;
  safe_ns_ = std::max(from_ns, safe_ns);
  for (Stream& stream : streams_) {
    around_.intake.hold(stream.origin, true);
    stream.last_taken = stream.after_seq = around_.intake.last_seq(stream.origin);
    stream.lines.emplace(stream.last_taken);
  }
}

void ContainerStream::retry_now() {
  retry_.succeed();
  not_before_us_ = 0;
}

void ContainerStream::update(const ContainerInfo* info) {
  is_gone_ = info == nullptr;
  if (info == nullptr) return;
  const bool has_started = info->is_running && !info_.is_running;
  info_ = *info;
  if (!has_started) return;
  runs_again_ = true;
  not_before_us_ = 0;
  if (state_ == State::kEnded) state_ = State::kIdle;
}

void ContainerStream::set_details(const ContainerDetails& details) {
  details_ = details;
}

bool ContainerStream::tick(int64_t now_us, bool may_connect) {
  if (state_ == State::kFollowing && now_us - connected_us_ >= limits_.whole_us) {
    client_.close();  // comes back as ended()
  }
  const bool is_due = state_ == State::kIdle && now_us >= not_before_us_ && details_.has_value();
  if (is_due && may_connect && waiting_bytes() == 0) connect(now_us);
  submit(now_us);
  if (is_paused_ && waiting_bytes() < kWaitingBytesMax / 2) {
    is_paused_ = false;
    client_.set_paused(false);
  }
  return state_ == State::kFollowing;
}

void ContainerStream::connect(int64_t now_us) {
  records_.emplace(details_->has_terminal);
  for (Stream& stream : streams_) stream.lines->restart();
  read_ns_ = safe_ns_;
  runs_again_ = false;
  state_ = State::kFollowing;
  connected_us_ = now_us;
  http::Request request;
  request.method = "GET";
  request.target =
      fmt::format("/containers/{}/logs?follow=1&stdout=1&stderr=1&timestamps=1&since={}", info_.id,
                  safe_ns_ / kSecondNs);
  client_.send_streaming(
      std::move(request), limits_.read_deadline_us,
      [this](const std::string& bytes) { received(bytes); },
      [this](Result<http::Response> outcome) { ended(std::move(outcome)); });
}

void ContainerStream::received(const std::string& bytes) {
  retry_.succeed();
  problem_.clear();
  Status fed = records_->feed(bytes, [this](const Record& record) {
    if (record.time_ns < from_ns_) return;
    read_ns_ = std::max(read_ns_, record.time_ns);
    Stream& stream = streams_[record.is_stderr ? 1 : 0];
    stream.lines->take(record.time_ns, record.text, stream.waiting);
  });
  if (!fed) {
    problem_ = fed.error().to_string();
    client_.close();
    return;
  }
  submit(around_.clock.monotonic_us());
  if (is_paused_ || waiting_bytes() < kWaitingBytesMax) return;
  is_paused_ = true;
  client_.set_paused(true);
}

void ContainerStream::ended(Result<http::Response> outcome) {
  is_paused_ = false;
  state_ = State::kIdle;
  // One that lived is no failure of before, though nothing was logged meanwhile.
  if (around_.clock.monotonic_us() - connected_us_ >= kLivedUs) retry_.succeed();
  if (!outcome) {
    // A silent stream or an old one is simply read anew.
    const bool is_limit = outcome.error().code == Error::kTimedOut ||
                          (outcome.error().code == Error::kClosed && problem_.empty() &&
                           around_.clock.monotonic_us() - connected_us_ >= limits_.whole_us);
    if (is_limit) return;
    return fail(problem_.empty() ? outcome.error().to_string() : problem_);
  }
  if (outcome->status == 404) {
    is_gone_ = true;
    state_ = State::kEnded;
    return;
  }
  if (outcome->status != 200) {
    const std::string message = error_message(outcome->body);
    const bool is_unreadable =
        outcome->status == 501 || message.find("does not support reading") != std::string::npos;
    if (!is_unreadable)
      return fail(fmt::format("the engine answers {}: {}", outcome->status, message));
    state_ = State::kRefused;
    problem_ = fmt::format(
        "its log cannot be read from the engine ({}): give it the json-file or "
        "local logging driver",
        message);
    return;
  }
  // The last of it comes with the end.
  if (!outcome->body.empty() && records_) received(outcome->body);
  if (info_.is_running || runs_again_) {
    // Either the list does not know yet that it stopped, or the engine ended the stream by itself:
    // an unfinished line may go on.
    not_before_us_ = retry_.fail(around_.clock.monotonic_us());
    return;
  }
  for (Stream& stream : streams_) stream.lines->finish(stream.waiting);
  state_ = State::kEnded;
}

void ContainerStream::fail(std::string problem) {
  problem_ = std::move(problem);
  not_before_us_ = retry_.fail(around_.clock.monotonic_us());
}

size_t ContainerStream::waiting_bytes() const {
  return streams_[0].waiting.bytes() + streams_[1].waiting.bytes();
}

void ContainerStream::submit(int64_t now_us) {
  for (size_t i = 0; i < streams_.size(); ++i) {
    while (now_us >= submit_not_before_us_ && submit_batch(streams_[i], i == 1, now_us)) {
    }
  }
}

LineBatch ContainerStream::make_batch(const Stream& stream, bool is_stderr) const {
  const auto& lines = stream.waiting.lines();
  LineBatch batch;
  const bool is_piece = lines[stream.waiting.offered()].is_piece;
  for (size_t i = stream.waiting.offered(); i < lines.size(); ++i) {
    const ContainerLine& line = lines[i];
    if (batch.lines.size() == kBatchLinesMax || batch.text.size() >= kBatchBytesMax) break;
    if (line.is_piece != is_piece) break;
    LineBatch::Line added;
    added.offset = static_cast<uint32_t>(batch.text.size());
    added.size = static_cast<uint32_t>(line.text.size());
    added.seq = line.seq;
    added.time_us = line.time_ns / 1000;
    added.time_is_stated = true;
    added.kind = event::SourceKind::kContainer;
    batch.text += line.text;
    batch.lines.push_back(added);
  }
  batch.run_id = stream.origin;
  batch.after_seq = stream.after_seq;
  batch.service = service_of(info_, settings_);
  batch.tags = tags_of(info_, settings_);
  batch.timezone = settings_.timezone;
  batch.metadata = metadata_of(info_);
  batch.metadata += is_stderr ? ",\"stream\":\"stderr\"" : ",\"stream\":\"stdout\"";
  if (is_piece) batch.metadata += ",\"continued\":true";
  return batch;
}

/// False if nothing of it can be handed over now.
bool ContainerStream::submit_batch(Stream& stream, bool is_stderr, int64_t now_us) {
  const bool is_full = stream.batches >= kBatchesOfOneMax || stream.must_offer_again;
  const size_t bytes = stream.waiting.unoffered_bytes();
  if (is_full || bytes == 0 || (stream.batches > 0 && bytes < kBatchBytesWorth)) return false;
  LineBatch batch = make_batch(stream, is_stderr);
  const size_t count = batch.lines.size();
  const uint64_t seq = batch.lines.back().seq;
  const bool is_taken = around_.intake.try_submit(
      batch, [answers = answers_, origin = stream.origin, seq](Taken taken) {
        const std::lock_guard lock(answers->mutex);
        answers->waiting.push_back({origin, seq, taken});
        if (answers->wake) answers->wake();
      });
  if (!is_taken) {
    ++rejected_full_;
    submit_not_before_us_ = now_us + kFullWaitUs;
    return false;
  }
  stream.waiting.offer(count);
  stream.after_seq = seq;
  ++stream.batches;
  return true;
}

void ContainerStream::take_answer(const BatchAnswers::Answer& answer, int64_t now_us) {
  for (Stream& stream : streams_) {
    if (stream.origin != answer.origin) continue;
    --stream.batches;
    if (answer.taken == Taken::kYes) {
      const LineQueue::Dropped dropped = stream.waiting.drop_up_to(answer.seq);
      bytes_ += dropped.text_bytes;
      lines_ += dropped.lines;
      stream.last_taken = answer.seq;
      last_line_us_ = around_.clock.wall_us();
    } else {
      stream.must_offer_again = true;
    }
    if (!stream.must_offer_again || stream.batches > 0) continue;
    stream.must_offer_again = false;
    stream.waiting.offer_again();
    stream.after_seq = stream.last_taken;
    submit_not_before_us_ = now_us + kTryAgainUs;
  }
  safe_ns_ = safe_ns();
}

int64_t ContainerStream::safe_ns() const {
  int64_t safe_ns = std::max(safe_ns_, read_ns_);
  for (const Stream& stream : streams_) {
    if (!stream.waiting.lines().empty())
      safe_ns = std::min(safe_ns, stream.waiting.lines().front().time_ns);
    if (stream.lines && stream.lines->has_unfinished()) {
      safe_ns = std::min(safe_ns, stream.lines->unfinished_ns());
    }
  }
  return safe_ns;
}

bool ContainerStream::is_over() const {
  const bool has_lines = waiting_bytes() > 0;
  return is_gone_ && state_ != State::kFollowing && !has_lines;
}

void ContainerStream::add_to(Snapshot& snapshot) const {
  Followed followed;
  followed.name = info_.name;
  followed.service = service_of(info_, settings_);
  followed.run_id = streams_[0].origin;
  followed.problem = problem_;
  followed.state = state_ == State::kFollowing ? Followed::State::kFollowing
                   : state_ == State::kEnded   ? Followed::State::kEnded
                   : problem_.empty()          ? Followed::State::kWaiting
                                               : Followed::State::kFailing;
  followed.lines = lines_;
  followed.offset_bytes = followed.size_bytes = bytes_;
  followed.last_line_us = last_line_us_;
  snapshot.lines += lines_;
  snapshot.bytes += bytes_;
  snapshot.rejected_full += rejected_full_;
  uint64_t repeats = 0;
  for (const Stream& stream : streams_) repeats += stream.lines ? stream.lines->repeats() : 0;
  snapshot.losses += repeats;
  if (repeats > 0 && details_ && details_->is_rotated && followed.problem.empty()) {
    followed.problem = fmt::format(
        "the engine rotated its log {} times while it was read, and may have left out lines: "
        "following its json-file as a file would not",
        repeats);
  }
  snapshot.followed.push_back(std::move(followed));
}

}  // namespace gasoline::source::container
