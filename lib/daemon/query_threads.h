#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gasoline::daemon {

/// Threads that answer queries, so that a long one holds up neither the loop nor events. The queue
/// is bounded; a full one is the caller's to explain.
class QueryThreads {
 public:
  QueryThreads(size_t threads, size_t queued_max);
  /// Finishes the queries that run; those still queued are dropped.
  ~QueryThreads();
  QueryThreads(const QueryThreads&) = delete;
  QueryThreads& operator=(const QueryThreads&) = delete;

  /// Any thread. False, with the query dropped, when `queued_max` wait.
  [[nodiscard]] bool try_run(std::function<void()> query);
  size_t queued() const;
  size_t queued_max() const { return queued_max_; }
  uint64_t refused_total() const { return refused_.load(std::memory_order_relaxed); }

 private:
  void run();

  const size_t queued_max_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  bool is_closed_ = false;
  std::atomic<uint64_t> refused_{0};
  std::vector<std::thread> threads_;
};

}  // namespace gasoline::daemon
