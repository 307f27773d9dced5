#include "daemon/indexer.h"

#include <utility>

namespace gasoline::daemon {

Indexer::Indexer(std::function<void(Work&)> index) : index_(std::move(index)) {
  for (Work& work : works_) free_.push_back(&work);
  thread_ = std::thread([this] { run(); });
}

Indexer::~Indexer() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

Work& Indexer::take() {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [this] { return !free_.empty(); });
  Work& work = *free_.back();
  free_.pop_back();
  return work;
}

void Indexer::submit(Work& work) {
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.empty() || work.logged > kEventsAtOnceMax) {
      queue_.push_back(&work);
      wake_.notify_one();
      return;
    }
  }
  // Only this thread submits, so the other one stays idle.
  index(work);
  const std::lock_guard lock(mutex_);
  free_.push_back(&work);
}

void Indexer::wait_until_idle() {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [this] { return queue_.empty(); });
}

void Indexer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !queue_.empty() || is_closed_; });
    if (queue_.empty()) return;
    Work* const work = queue_.front();
    lock.unlock();
    index(*work);
    lock.lock();
    queue_.pop_front();
    free_.push_back(work);
    progress_.notify_one();
  }
}

void Indexer::index(Work& work) {
  index_(work);
  work.lines.reset();
  work.body = std::string();
  if (work.done != nullptr) std::exchange(work.done, nullptr)();
}

}  // namespace gasoline::daemon
