#include "source/loop_source.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "loop/timer.h"

namespace gasoline::source {

LoopSource::LoopSource(std::string name, std::string_view type, const Clock& clock,
                       MakeTask make_task)
    : name_(std::move(name)), type_(type), clock_(clock), make_task_(std::move(make_task)) {}

LoopSource::~LoopSource() {
  stop();
}

void LoopSource::start() {
  has_stopped_ = false;
  heartbeat_us_ = clock_.monotonic_us();
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), type_.data());
    run();
    has_stopped_ = true;
  });
}

void LoopSource::request_stop() {
  is_stopping_ = true;
  wake();
}

void LoopSource::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

Snapshot LoopSource::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void LoopSource::publish(Snapshot snapshot) {
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(snapshot);
}

void LoopSource::wake() {
  const std::lock_guard lock(mailbox_mutex_);
  if (mailbox_ == nullptr || is_woken_) return;
  is_woken_ = mailbox_->try_post([] {});
}

void LoopSource::run() {
  auto opened = loop::Loop::open();
  if (!opened) {
    Snapshot failed;
    failed.problem = opened.error().to_string();
    return publish(std::move(failed));
  }
  loop::Mailbox mailbox(**opened, kWakeUpsMax);
  {
    const std::lock_guard lock(mailbox_mutex_);
    mailbox_ = &mailbox;
  }
  {
    const std::unique_ptr<Task> task = make_task_(**opened, [this] { wake(); });
    drive(**opened, *task);
  }
  const std::lock_guard lock(mailbox_mutex_);
  mailbox_ = nullptr;
}

void LoopSource::drive(loop::Loop& loop, Task& task) {
  loop::Timer timer(loop, [] {});
  int64_t next_snapshot_us = 0;
  while (!is_stopping_) {
    const int64_t next_us = task.tick();
    const int64_t now_us = clock_.monotonic_us();
    heartbeat_us_ = now_us;
    if (now_us >= next_snapshot_us) {
      next_snapshot_us = now_us + kSnapshotIntervalUs;
      publish(task.snapshot());
    }
    timer.start(std::max<int64_t>(0, next_us - now_us));
    loop.run_once();
    const int64_t rest_us = now_us + kRoundUs - clock_.monotonic_us();
    if (rest_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(rest_us));
    const std::lock_guard lock(mailbox_mutex_);
    is_woken_ = false;
  }
}

}  // namespace gasoline::source
