#include "daemon/query_threads.h"

namespace gasoline::daemon {

QueryThreads::QueryThreads(size_t threads, size_t queued_max) : queued_max_(queued_max) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

QueryThreads::~QueryThreads() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool QueryThreads::try_run(std::function<void()> query) {
  const std::lock_guard lock(mutex_);
  if (is_closed_ || queue_.size() >= queued_max_) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  queue_.push_back(std::move(query));
  wake_.notify_one();
  return true;
}

size_t QueryThreads::queued() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void QueryThreads::run() {
  while (true) {
    std::function<void()> query;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return is_closed_ || !queue_.empty(); });
      if (is_closed_) return;
      query = std::move(queue_.front());
      queue_.pop_front();
    }
    query();
  }
}

}  // namespace gasoline::daemon
