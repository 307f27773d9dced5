#include "base/supervisor.h"

#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/quantity.h"

namespace gasoline {
namespace {

constexpr int64_t kPauseFirstUs = 1'000'000;
constexpr int64_t kPauseMaxUs = 60'000'000;
constexpr int64_t kWellAgainUs = 60'000'000;

}  // namespace

struct Supervisor::Task {
  TaskSettings settings;
  std::shared_ptr<Heartbeat> heartbeat;
  uint64_t seen = 0;             // the heartbeat's state at the last look
  int64_t heard_us = 0;          // when it was last seen to change
  int64_t stalled_us = 0;        // since when it is silent for too long; 0: it is not
  int64_t restart_after_us = 0;  // not before
  int64_t pause_us = 0;          // before the next restart
  int64_t well_since_us = 0;
  uint64_t stalls = 0;
  uint64_t restarts = 0;
  bool is_restarted = false;  // and not heard of since

  uint64_t state() const {
    return settings.heard_us != nullptr ? static_cast<uint64_t>(settings.heard_us())
                                        : heartbeat->state();
  }
};

std::string_view to_string(TaskStatus::State state) noexcept {
  switch (state) {
    case TaskStatus::State::kRunning:
      return "running";
    case TaskStatus::State::kResting:
      return "resting";
    case TaskStatus::State::kStalled:
      return "stalled";
    case TaskStatus::State::kRestarted:
      return "restarted";
  }
  return "running";
}

Supervisor::Watch::Watch(Watch&& other) noexcept
    : supervisor_(std::exchange(other.supervisor_, nullptr)),
      task_(std::move(other.task_)),
      heartbeat_(other.heartbeat_) {}

Supervisor::Watch& Supervisor::Watch::operator=(Watch&& other) noexcept {
  if (this == &other) return *this;
  drop();
  supervisor_ = std::exchange(other.supervisor_, nullptr);
  task_ = std::move(other.task_);
  heartbeat_ = other.heartbeat_;
  return *this;
}

Supervisor::Watch::~Watch() {
  drop();
}

void Supervisor::Watch::drop() {
  if (task_ != nullptr) supervisor_->remove(task_);
  task_.reset();
}

Supervisor::Supervisor(const Clock& clock, Random& random, Log& log)
    : clock_(clock), random_(random), log_(log) {}

Supervisor::~Supervisor() {
  stop();
}

Supervisor::Watch Supervisor::watch(TaskSettings settings) {
  Watch watch;
  const std::lock_guard lock(mutex_);
  if (tasks_.size() >= kTasksMax) {
    ++totals_.unwatched;
    return watch;
  }
  auto task = std::make_shared<Task>();
  task->settings = std::move(settings);
  task->heartbeat = watch.heartbeat_;
  task->heard_us = task->well_since_us = clock_.monotonic_us();
  watch.supervisor_ = this;
  watch.task_ = task;
  tasks_.push_back(std::move(task));
  return watch;
}

void Supervisor::start() {
  thread_ = std::thread([this] { run(); });
}

void Supervisor::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Supervisor::run() {
  ::pthread_setname_np(::pthread_self(), "supervisor");
  std::unique_lock lock(mutex_);
  while (!is_ending_) {
    changed_.wait_for(lock, std::chrono::microseconds(kLookIntervalUs),
                      [this] { return is_ending_; });
    if (is_ending_) return;
    lock.unlock();
    look();
    lock.lock();
  }
}

void Supervisor::look() {
  std::vector<std::shared_ptr<Task>> tasks;
  {
    const std::lock_guard lock(mutex_);
    looker_ = std::this_thread::get_id();
    tasks = tasks_;
  }
  const int64_t now_us = clock_.monotonic_us();
  for (const std::shared_ptr<Task>& task : tasks) look_at(task, now_us);
}

void Supervisor::look_at(const std::shared_ptr<Task>& task, int64_t now_us) {
  {
    const std::lock_guard lock(mutex_);
    if (is_ending_ || std::find(tasks_.begin(), tasks_.end(), task) == tasks_.end()) return;
    const uint64_t state = task->state();
    const bool is_resting = task->settings.heard_us == nullptr && (state & 1) != 0;
    if (state != task->seen || is_resting) {
      task->seen = state;
      return note_life(*task, now_us);
    }
    if (now_us - task->heard_us < task->settings.stall_us) return;
    if (task->stalled_us == 0) note_stall(*task, now_us);
    if (task->settings.restart == nullptr || now_us < task->restart_after_us) return;
    ++task->restarts;
    ++totals_.restarts;
    task->is_restarted = true;
    task->restart_after_us = now_us + std::max(task->settings.stall_us, next_pause_us(*task));
    restarting_ = task.get();
  }
  log_.warn(fmt::format("{} is restarted", task->settings.name));
  task->settings.restart();
  const std::lock_guard lock(mutex_);
  restarting_ = nullptr;
  changed_.notify_all();
}

void Supervisor::note_life(Task& task, int64_t now_us) {
  if (task.stalled_us > 0) {
    log_.info(fmt::format("{} is back after {}", task.settings.name,
                          format_duration_us(now_us - task.heard_us)));
    task.well_since_us = now_us;
  }
  task.heard_us = now_us;
  task.stalled_us = 0;
  task.is_restarted = false;
  if (now_us - task.well_since_us >= kWellAgainUs) task.pause_us = 0;
}

void Supervisor::note_stall(Task& task, int64_t now_us) {
  ++task.stalls;
  ++totals_.stalls;
  task.stalled_us = now_us;
  log_.warn(fmt::format("{} has not been heard of for {}", task.settings.name,
                        format_duration_us(now_us - task.heard_us)));
}

/// Tells how long to leave a restarted task alone, and lengthens it for the next time.
int64_t Supervisor::next_pause_us(Task& task) {
  task.pause_us = std::clamp(task.pause_us * 2, kPauseFirstUs, kPauseMaxUs);
  const auto tenth = static_cast<uint64_t>(task.pause_us / 10);
  const auto jitter_us = static_cast<int64_t>(random_.next_u64() % (2 * tenth + 1));
  return task.pause_us - static_cast<int64_t>(tenth) + jitter_us;
}

void Supervisor::remove(const std::shared_ptr<Task>& task) {
  std::unique_lock lock(mutex_);
  std::erase(tasks_, task);
  if (std::this_thread::get_id() == looker_) return;
  changed_.wait(lock, [&] { return restarting_ != task.get(); });
}

std::vector<TaskStatus> Supervisor::tasks() const {
  const int64_t now_us = clock_.monotonic_us();
  std::vector<TaskStatus> all;
  const std::lock_guard lock(mutex_);
  all.reserve(tasks_.size());
  for (const std::shared_ptr<Task>& task : tasks_) {
    TaskStatus status;
    status.name = task->settings.name;
    status.silent_us = std::max<int64_t>(0, now_us - task->heard_us);
    status.stalls = task->stalls;
    status.restarts = task->restarts;
    status.can_restart = task->settings.restart != nullptr;
    const uint64_t state = task->state();
    if (task->settings.heard_us == nullptr && (state & 1) != 0) {
      status.state = TaskStatus::State::kResting;
    } else if (task->stalled_us > 0 && state == task->seen) {
      status.state =
          task->is_restarted ? TaskStatus::State::kRestarted : TaskStatus::State::kStalled;
    }
    all.push_back(std::move(status));
  }
  return all;
}

Supervisor::Totals Supervisor::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace gasoline
