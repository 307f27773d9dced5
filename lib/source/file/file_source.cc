#include "source/file/file_source.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

namespace gasoline::source {
namespace {

constexpr int64_t kReadyPollUs = 10'000;
constexpr int64_t kPublishUs = 500'000;
constexpr int64_t kStopPatienceUs = 2'000'000;
/// A writer that writes line by line wakes us this often at most; what it wrote meanwhile comes in
/// one piece.
constexpr int64_t kRoundUs = 1'000;

std::unique_ptr<Watcher> watcher_for(const config::SourceSettings& settings, Log& diary) {
  if (!settings.use_inotify) return nullptr;
  auto made = make_inotify_watcher();
  if (made) return std::move(*made);
  diary.warn("source " + settings.name + ": polling, since " + made.error().to_string());
  return nullptr;
}

}  // namespace

FileSource::FileSource(config::SourceSettings settings, const Surroundings& around,
                       Follower::Timing timing, LabelFile label)
    : name_(settings.name), around_(around), answers_(std::make_shared<LineAnswers>()) {
  auto watcher = watcher_for(settings, around.diary);
  follower_ =
      std::make_unique<Follower>(std::move(settings), around, std::move(watcher), answers_, timing);
  follower_->label_files(std::move(label));
  follower_->load();
}

FileSource::~FileSource() {
  stop();
}

void FileSource::start() {
  has_stopped_.store(false, std::memory_order_release);
  heartbeat_us_.store(around_.clock.monotonic_us(), std::memory_order_relaxed);
  thread_ = std::thread([this] { run(); });
}

void FileSource::request_stop() {
  is_stopping_.store(true, std::memory_order_release);
  answers_->wake.notify();
}

void FileSource::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

Snapshot FileSource::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

void FileSource::publish(int64_t now_us) {
  if (now_us < published_us_ + kPublishUs) return;
  published_us_ = now_us;
  Snapshot made = follower_->snapshot();
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(made);
}

void FileSource::run() {
  ::pthread_setname_np(::pthread_self(), "files");
  const auto is_stopping = [this] { return is_stopping_.load(std::memory_order_acquire); };
  while (!around_.intake.is_ready() && !is_stopping()) {
    heartbeat_us_.store(around_.clock.monotonic_us(), std::memory_order_relaxed);
    answers_->wake.wait(kReadyPollUs);
  }
  if (!is_stopping()) {
    follower_->begin();
    while (!is_stopping()) {
      const int64_t round_us = around_.clock.monotonic_us();
      heartbeat_us_.store(round_us, std::memory_order_relaxed);
      const int64_t wait_us = follower_->work();
      publish(around_.clock.monotonic_us());
      if (wait_us == 0) continue;
      answers_->wake.wait(wait_us, follower_->notices_fd());
      const int64_t rest_us = round_us + kRoundUs - around_.clock.monotonic_us();
      if (rest_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(rest_us));
    }
    follower_->finish(kStopPatienceUs);
  }
  has_stopped_.store(true, std::memory_order_release);
}

}  // namespace gasoline::source
