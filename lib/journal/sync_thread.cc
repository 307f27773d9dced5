#include "journal/sync_thread.h"

#include <algorithm>
#include <chrono>

namespace gasoline::journal {
namespace {

constexpr int64_t kIdleWaitUs = 3'600'000'000;  // woken by the next append anyway

}  // namespace

SyncThread::SyncThread(Writer& writer, Listener listener)
    : writer_(writer), listener_(std::move(listener)) {
  if (writer_.options().sync != SyncPolicy::kNever) thread_ = std::thread([this] { run(); });
}

SyncThread::~SyncThread() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
    stopping_.notify_all();
  }
  writer_.stop_waiting();
  if (thread_.joinable()) thread_.join();
}

bool SyncThread::sleep_us(int64_t us) {
  std::unique_lock lock(mutex_);
  stopping_.wait_for(lock, std::chrono::microseconds(us), [this] { return is_stopping_; });
  return !is_stopping_;
}

void SyncThread::run() {
  const int64_t interval_us = std::max<int64_t>(writer_.options().sync_interval_us, 1);
  int64_t pause_us = interval_us;
  for (;;) {
    const bool is_unsynced = writer_.wait_for_unsynced(kIdleWaitUs);
    if (!sleep_us(pause_us)) return;
    if (!is_unsynced) continue;
    const Status synced = writer_.sync();
    pause_us =
        synced ? interval_us : std::max(interval_us, std::min(pause_us * 2, kRetryIntervalUsMax));
    if (listener_) listener_(writer_.synced_sequence(), synced);
  }
}

}  // namespace gasoline::journal
