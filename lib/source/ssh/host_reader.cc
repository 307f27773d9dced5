#include "source/ssh/host_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/ids.h"
#include "source/kept_text.h"
#include "source/ssh/ssh_command.h"

namespace gasoline::source::ssh {
namespace {

constexpr int64_t kSaveIntervalUs = 1'000'000;
// What was taken stands in the event log: the checkpoint's offsets only spare reading again, and
// every save waits for the disk.
constexpr int64_t kSaveProgressUs = 5'000'000;
constexpr int64_t kReadyLookUs = 50'000;

}  // namespace

HostReader::HostReader(Options options, std::vector<Watch> watches, Surroundings surroundings)
    : options_(std::move(options)),
      around_(std::move(surroundings)),
      random_(options_.seed),
      retry_(options_.seed + 1),
      follower_(std::move(watches), [this] { return origin(); }) {
  answers_->wake = options_.wake;
}

HostReader::~HostReader() {
  link_.reset();
  {
    const std::lock_guard lock(answers_->mutex);
    answers_->wake = nullptr;
  }
  if (!is_loaded_) return;
  take_answers(around_.clock.monotonic_us());
  save();
}

/// Unlike a run's ULID it names no time: a file is no older than a line that comes for it.
std::string HostReader::origin() {
  return fmt::format("ssh-{:016x}{:016x}", random_.next_u64(), random_.next_u64());
}

Follower::Now HostReader::now() const {
  return {around_.clock.monotonic_us(), around_.clock.wall_us()};
}

bool HostReader::load() {
  if (!around_.intake.is_ready()) return false;
  auto loaded = load_checkpoint(around_.files, options_.checkpoint_path);
  if (!loaded) {
    around_.diary.error(fmt::format("{}: {}: its files count as never seen", options_.host,
                                    loaded.error().to_string()));
    loaded = Checkpoint();
  }
  for (Generation& file : loaded->files) {
    around_.intake.hold(file.origin, true);
    file.last_taken = file.after_seq = around_.intake.last_seq(file.origin);
    file.committed = std::max(file.committed, file.last_taken);
  }
  follower_.restore(std::move(*loaded));
  is_loaded_ = true;
  return true;
}

bool HostReader::save() {
  saved_us_ = around_.clock.monotonic_us();
  const Status saved =
      save_kept_text(around_.files, options_.checkpoint_path, follower_.checkpoint().to_text());
  if (!saved) {
    if (checkpoint_problem_.empty()) {
      around_.diary.error(fmt::format("{}: {}", options_.host, saved.error().to_string()));
    }
    checkpoint_problem_ = saved.error().to_string();
    return false;
  }
  checkpoint_problem_.clear();
  for (const auto& file : follower_.generations()) {
    if (!file->is_saved) around_.intake.hold(file->origin, true);
    // Without its first bytes it would not be recognised.
    file->is_saved = file->fingerprint.size_bytes > 0;
  }
  is_dirty_ = has_changed_ = false;
  return true;
}

int64_t HostReader::tick() {
  const int64_t now_us = around_.clock.monotonic_us();
  if (!is_loaded_ && !load()) return now_us + kReadyLookUs;
  take_answers(now_us);
  if (!cut_reason_.empty()) cut(std::exchange(cut_reason_, {}));
  switch (state_) {
    case State::kWaiting:
      if (now_us >= next_attempt_us_) connect();
      break;
    case State::kConnecting:
      if (now_us >= deadline_us_) cut("no answer from its shell within 10 s");
      break;
    case State::kFollowing:
      follow(now_us);
      break;
    case State::kRefused:
      if (now_us < next_look_us_) break;
      next_look_us_ = now_us + kKeysLookUs;
      if (options_.keys() != keys_) connect();
      break;
  }
  submit(now_us);
  for (const std::string& origin : follower_.forget_finished(now_us)) {
    around_.intake.hold(origin, false);
  }
  if (follower_.take_changed()) has_changed_ = true;
  const int64_t interval_us = has_changed_ ? kSaveIntervalUs : kSaveProgressUs;
  if ((is_dirty_ || has_changed_) && now_us - saved_us_ >= interval_us) save();
  int64_t next_us = now_us + kTickUs;
  if (state_ == State::kWaiting) next_us = std::min(next_us, next_attempt_us_);
  if (state_ == State::kFollowing) next_us = std::min(next_us, next_look_us_);
  if (next_submit_us_ > now_us) next_us = std::min(next_us, next_submit_us_);
  return std::max(next_us, now_us);
}

void HostReader::connect() {
  std::array<char, 17> token{};
  fmt::format_to_n(token.data(), 16, "{:016x}", random_.next_u64());
  dialogue_.emplace(token.data());
  asked_.clear();
  reads_asked_ = 0;
  is_looking_ = was_introduced_ = has_replied_ = false;
  state_ = State::kConnecting;
  deadline_us_ = around_.clock.monotonic_us() + kGreetingUs;
  Link::Events events;
  events.received = [this](std::string_view bytes) { received(bytes); };
  events.ended = [this](const LinkEnd& end) { ended(end); };
  auto made = options_.connect(std::move(events));
  if (!made) {
    const bool is_missing = made.error().code == ENOENT;
    return fail(is_missing, is_missing ? "there is no ssh client here: apt install openssh-client"
                                       : made.error().to_string());
  }
  link_ = std::move(*made);
  link_->write(far_program(token.data()));
}

void HostReader::received(std::string_view bytes) {
  last_byte_us_ = around_.clock.monotonic_us();
  if (!cut_reason_.empty()) return;
  if (Status fed = dialogue_->feed(bytes); !fed) {
    cut_reason_ = fed.error().to_string();
    return options_.wake();
  }
  if (dialogue_->has_greeted() && !was_introduced_) {
    was_introduced_ = true;
    state_ = State::kFollowing;
    next_look_us_ = last_byte_us_;
    link_->write(follower_.introduction());
  }
  if (state_ != State::kFollowing) return;
  take_replies();
  ask(last_byte_us_);
  submit(last_byte_us_);
}

void HostReader::take_replies() {
  while (auto reply = dialogue_->take()) {
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    if (asked.read) {
      --reads_asked_;
      follower_.on_read(*asked.read, std::get<ReadReply>(std::move(*reply)), now());
      continue;
    }
    is_looking_ = false;
    // A far host that needs long to look is left three quarters of its time.
    const int64_t now_us = around_.clock.monotonic_us();
    next_look_us_ = std::max(next_look_us_, now_us + 3 * (now_us - looked_us_));
    follower_.on_scan(std::get<ScanReply>(*reply), now());
    if (has_replied_) continue;
    has_replied_ = true;
    if (retry_.failures() > 0 || !problem_.empty()) {
      around_.diary.info(fmt::format("{}: following again", options_.host));
    }
    problem_.clear();
    retry_.succeed();
  }
}

void HostReader::follow(int64_t now_us) {
  const bool is_silent = dialogue_->unanswered() > 0 && now_us - last_byte_us_ >= kSilenceUs;
  if (is_silent) return cut("it has not answered for 8 s");
  ask(now_us);
}

void HostReader::ask(int64_t now_us) {
  if (!cut_reason_.empty()) return;
  std::string text;
  if (asked_.empty()) last_byte_us_ = now_us;
  if (!is_looking_ && now_us >= next_look_us_) {
    text += dialogue_->ask_scan(follower_.wants_siblings(now_us));
    asked_.push_back({});
    is_looking_ = true;
    looked_us_ = now_us;
    next_look_us_ = now_us + options_.poll_interval_us;
  }
  while (reads_asked_ < kReadsAtOnce) {
    auto plan = follower_.next_read(now_us);
    if (!plan) break;
    text += dialogue_->ask_read(plan->request);
    asked_.push_back({std::move(plan)});
    ++reads_asked_;
  }
  if (!text.empty()) link_->write(text);
}

void HostReader::ended(const LinkEnd& end) {
  const Failure failure = explain_end(end, was_introduced_, options_.host);
  fail(failure.is_permanent, failure.to_string());
}

void HostReader::cut(const std::string& why) {
  fail(false, fmt::format("{}: {}", options_.host, why));
}

void HostReader::fail(bool is_permanent, std::string what) {
  link_.reset();
  follower_.on_disconnect();
  asked_.clear();
  const bool was_following = has_replied_;
  has_replied_ = false;
  const int64_t now_us = around_.clock.monotonic_us();
  if (is_permanent) {
    state_ = State::kRefused;
    keys_ = options_.keys();
    next_look_us_ = now_us + kKeysLookUs;
    if (problem_ != what) around_.diary.warn(fmt::format("ssh {}: {}", options_.host, what));
    problem_ = std::move(what);
    return;
  }
  state_ = State::kWaiting;
  next_attempt_us_ = retry_.fail(now_us);
  const std::string text =
      fmt::format("ssh {}: {} (failure {})", options_.host, what, retry_.failures());
  if (was_following) around_.diary.info(text);
  if (retry_.failures() == kFailuresToWarn) around_.diary.warn(text);
  if (retry_.failures() == kFailuresToBeAnError) around_.diary.error(text);
  problem_ = std::move(what);
}

Snapshot HostReader::snapshot() const {
  Snapshot snapshot;
  for (const auto& file : follower_.generations()) {
    if (file->place == Generation::Place::kGone && file->unsent().empty()) continue;
    Followed followed;
    followed.name = fmt::format("{}:{}", options_.host, file->path);
    followed.service = follower_.watches()[file->watch].service;
    followed.run_id = file->origin;
    const bool has_ended = file->place != Generation::Place::kAttached && !file->has_unread();
    followed.state = !file->problem.empty()        ? Followed::State::kFailing
                     : has_ended                   ? Followed::State::kEnded
                     : state_ == State::kFollowing ? Followed::State::kFollowing
                                                   : Followed::State::kWaiting;
    followed.problem = file->problem;
    followed.offset_bytes = file->committed;
    followed.size_bytes = file->size_bytes;
    followed.lines = file->lines;
    followed.last_line_us = file->last_line_us;
    snapshot.followed.push_back(std::move(followed));
  }
  for (const Watch& watch : follower_.watches()) {
    if (watch.is_found || watch.problem.empty()) continue;
    Followed followed;
    followed.name = fmt::format("{}:{}", options_.host, watch.pattern);
    followed.service = watch.service;
    followed.problem = watch.problem;
    snapshot.followed.push_back(std::move(followed));
  }
  snapshot.problem = !problem_.empty() ? problem_ : checkpoint_problem_;
  if (state_ == State::kRefused) {
    snapshot.note = "waits until a key, a known host or the configuration changes";
  } else if (state_ == State::kWaiting && retry_.failures() > 0) {
    const int64_t wait_us = std::max<int64_t>(0, next_attempt_us_ - around_.clock.monotonic_us());
    snapshot.note = fmt::format("{} failures; next attempt in {:.1f} s{}", retry_.failures(),
                                static_cast<double>(wait_us) / 1e6,
                                retry_.is_open() ? " (circuit breaker)" : "");
  }
  snapshot.lines = lines_;
  snapshot.bytes = bytes_;
  snapshot.lost_bytes = follower_.counters().lost_bytes;
  snapshot.losses = follower_.counters().losses;
  snapshot.rejected_full = rejected_full_;
  return snapshot;
}

}  // namespace gasoline::source::ssh
