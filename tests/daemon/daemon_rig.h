#pragma once

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "daemon/event_log.h"
#include "daemon/pipeline.h"
#include "io/file_system.h"
#include "store/store.h"

namespace gasoline::test {

/// A clock that any thread may read while the test moves it. Starts at the real time, since a run's
/// id says when it began.
class MovableClock final : public Clock {
 public:
  int64_t wall_us() const override { return SystemClock().wall_us() + offset_us; }
  int64_t monotonic_us() const override { return SystemClock().monotonic_us() + offset_us; }
  std::atomic<int64_t> offset_us{0};
};

/// Keeps what was logged.
class RecordingLog final : public Log {
 public:
  void write(Severity severity, std::string_view text) override;
  size_t count_of(std::string_view part) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// Waits until `claim` holds, for at most twenty seconds; returns whether it does.
bool eventually(const std::function<bool()>& claim);

std::string new_run_id(int64_t made_us);
/// {"run_id":...,"seq":...,"events":[...]} with one event per message.
std::string run_body(const std::string& run_id, uint64_t first_seq,
                     const std::vector<std::string>& messages);
/// "prefix first" ... : `count` messages.
std::vector<std::string> messages_of(const std::string& prefix, uint64_t first, uint64_t count);

/// An event log, a store and the pipeline between them.
struct PipelineRig {
  PipelineRig(io::FileSystem& files, const std::string& directory,
              daemon::Pipeline::Options options = {},
              journal::SyncPolicy sync = journal::SyncPolicy::kInterval);

  /// Waits for the answer.
  daemon::Outcome submit(const std::string& body, event::BatchForm form = event::BatchForm::kBatch);
  /// Messages of everything in the store, by time.
  std::vector<std::string> stored() const;

  MovableClock clock;
  SystemRandom random;
  RecordingLog diary;
  std::unique_ptr<daemon::EventLog> log;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<daemon::Pipeline> pipeline;
};

}  // namespace gasoline::test
