#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/result.h"
#include "journal/writer.h"

namespace gasoline::journal {

/// Group commit: calls Writer::sync() every options().sync_interval_us while there is something to
/// sync, and sleeps while there is not. After a failure it tries again after twice the time, up to
/// kRetryIntervalUsMax. Under kNever it does nothing.
class SyncThread {
 public:
  static constexpr int64_t kRetryIntervalUsMax = 1'000'000;

  /// Called on the thread after each sync, with the writer's synced_sequence(). May be empty.
  using Listener = std::function<void(uint64_t synced_sequence, const Status& status)>;

  /// `writer` must outlive the thread.
  SyncThread(Writer& writer, Listener listener);
  /// Stops at once: what the last sync has not covered is the caller's to sync.
  ~SyncThread();
  SyncThread(const SyncThread&) = delete;
  SyncThread& operator=(const SyncThread&) = delete;

 private:
  void run();
  /// False once the thread is to end.
  bool sleep_us(int64_t us);

  Writer& writer_;
  const Listener listener_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace gasoline::journal
