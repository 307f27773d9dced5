#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/arena.h"
#include "event/event.h"
#include "event/event_reader.h"
#include "source/intake.h"

namespace gasoline::daemon {

/// One job on its way through the pipeline, with all that its events point into. Kept warm from job
/// to job.
struct Work {
  std::unique_ptr<source::LineBatch> lines;
  std::string body;
  event::EventReader reader;
  event::ParsedBatch batch;
  Arena arena;
  std::vector<event::Event> accepted;
  size_t logged = 0;           ///< so many of them are in the event log, and go into the store
  bool is_whole = false;       ///< that is all of them
  std::function<void()> done;  ///< called last; null for nothing to do
};

/// The second half of the pipeline: puts into the store what is in the event log, in the same
/// order, while the first half understands the next job. It calls a job's `done` when its events
/// can be asked for, so that whoever has the answer also finds them.
///
/// Bounded: there are kWorks jobs in all, one for each half; take() waits for one. All but `index`
/// is for the pipeline's thread.
class Indexer {
 public:
  static constexpr size_t kWorks = 2;
  /// A job of so few events, with nothing before it, is indexed by the caller: handing it over
  /// would take longer.
  static constexpr size_t kEventsAtOnceMax = 256;

  /// `index` is called on the indexer's thread or the caller's, never on both at once.
  explicit Indexer(std::function<void(Work&)> index);
  /// Finishes what was submitted.
  ~Indexer();
  Indexer(const Indexer&) = delete;
  Indexer& operator=(const Indexer&) = delete;

  /// A job that is free, with the buffers of the one before.
  Work& take();
  void submit(Work& work);
  /// Returns when all that was submitted is in the store and its `done` was called.
  void wait_until_idle();

 private:
  void run();
  void index(Work& work);

  const std::function<void(Work&)> index_;
  std::array<Work, kWorks> works_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable progress_;
  std::deque<Work*> queue_;  // the first one is being worked on
  std::vector<Work*> free_;
  bool is_closed_ = false;

  std::thread thread_;
};

}  // namespace gasoline::daemon
