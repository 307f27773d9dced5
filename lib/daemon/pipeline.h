#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "daemon/event_log.h"
#include "daemon/indexer.h"
#include "event/event_reader.h"
#include "source/intake.h"
#include "store/store.h"
#include "understand/understanding.h"

namespace gasoline::daemon {

/// What an acknowledgement promises (docs/API.md).
enum class AckLevel { kMemory, kWritten, kSynced };

std::string_view to_string(AckLevel level) noexcept;

/// What became of one body of events.
struct Outcome {
  enum class Code {
    kTaken,       ///< at least one event was taken, or all were known already
    kNoneTaken,   ///< every event was bad
    kInvalid,     ///< the body is not JSON of the right form
    kTooLarge,    ///< more events, or bytes, than one body may have
    kRunTooOld,   ///< a run whose repeats can no longer be recognised
    kUnavailable  ///< the event log cannot be written now
  };
  Code code = Code::kTaken;
  uint64_t count = 0;       ///< taken now or before
  uint64_t duplicates = 0;  ///< of those, before
  std::string event_ids;    ///< the elements of a JSON array; empty for batches of a run
  std::string failed;       ///< likewise, of {"index":i,"error":"..."}
  std::string detail;       ///< for the codes that are errors
};

/// The one way in: decode, understand and mask, log, index, acknowledge. Two threads of its own in
/// a row: the first one decodes, understands and logs, the second one indexes and acknowledges
/// (indexer.h). So arrival order, log order and index order are the same.
///
/// A job is a body of JSON events or a batch of lines of a source.
///
/// The queue is bounded in bodies and in bytes; a body over the bound is refused at once and the
/// producer told to come back.
class Pipeline {
 public:
  struct Options {
    AckLevel ack = AckLevel::kWritten;
    size_t queued_bodies_max = 1024;
    uint64_t queued_bytes_max = 64ull << 20;
    /// Called when events that came together are in the store, in their order and never twice at
    /// once, with the time at which their sender says that it sent them, 0 if it does not. Must not
    /// block.
    std::function<void(std::span<const event::Event>, int64_t sent_at_us)> on_stored =
        [](std::span<const event::Event>, int64_t) {};
    /// What keep_learnt was last given, before a restart; empty: nothing.
    std::string learnt;
    /// Called on its thread with what it has learnt of its sources and the log does not tell, a
    /// minute after the last time at the earliest, and at the end, if there is anything new.
    std::function<void(const std::string&)> keep_learnt = [](const std::string&) {};
    /// Called on its thread every few seconds at least, and with every batch.
    std::function<void()> on_step = [] {};
  };
  struct Job {
    /// Lines of a source, instead of a body; boxed, so that a job stays cheap to move.
    std::unique_ptr<source::LineBatch> lines;
    std::string body;  ///< with EventReader::kPaddingBytes of spare capacity
    event::BatchForm form = event::BatchForm::kBatch;
    uint64_t acknowledged_seq = 0;      ///< up to which the producer of a run had acknowledgements
    std::function<void(Outcome)> done;  ///< called on a thread of the pipeline's

    uint64_t size_bytes() const;
  };
  struct Counters {
    std::atomic<uint64_t> events{0};  ///< taken and stored
    std::atomic<uint64_t> duplicates{0};
    std::atomic<uint64_t> failed_events{0};
    std::atomic<uint64_t> bad_bodies{0};
    std::atomic<uint64_t> refused_bodies{0};  ///< the queue was full
    std::atomic<uint64_t> log_failures{0};
    std::atomic<uint64_t> batches{0};
    std::atomic<uint64_t> secrets_masked{0};
    std::atomic<uint64_t> ids_rejected{0};
    std::atomic<uint64_t> lines_joined{0};  ///< to the event before them
    std::atomic<uint64_t> joins_cut{0};     ///< events that ended at the bounds of joining
  };

  Pipeline(EventLog& log, store::Store& store, std::shared_ptr<const understand::Rules> rules,
           const Clock& clock, Random& random, Log& diary, Options options);
  /// Finishes what is queued, then ends the thread.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// Starts the thread: it replays the log into the store first, while bodies queue up behind.
  void start();
  /// Takes the job, or leaves it untouched and returns false: the queue is full or shutting down.
  [[nodiscard]] bool submit(Job& job);
  /// Goes on with other rules, from the next body on. Any thread.
  void use_rules(std::shared_ptr<const understand::Rules> rules);
  /// Takes no more; returns when what was queued is done and synced.
  void drain();

  bool is_ready() const { return is_ready_.load(std::memory_order_acquire); }
  AckLevel ack() const { return options_.ack; }
  uint64_t queued_bytes() const;
  size_t queued_bodies() const;
  const Options& options() const { return options_; }
  const Counters& counters() const { return counters_; }

 private:
  struct Answered {
    std::function<void(Outcome)> done;
    Outcome outcome;
  };

  void run();
  void take(Job& job, std::vector<Answered>& answered);
  void index(const Work& work);
  void replay();
  std::vector<Job> take_jobs();
  void take_rules();
  Outcome process(const Job& job);
  bool read_body(event::BatchForm form, Outcome& outcome);
  bool states_ids() const;
  void take_lines(const source::LineBatch& lines, Outcome& outcome);
  void finish(Outcome& outcome);
  void select_events(uint64_t acknowledged_seq, Outcome& outcome);
  event::Event make_gap_of_lost_log(uint64_t taken_seq, uint64_t acknowledged_seq);
  void complete(event::Event& event, uint64_t seq);
  void understand(event::Event& event);
  bool check_run(Outcome& outcome);
  Status store_batch();
  void maintain();
  void keep_learnt();
  std::string_view make_event_id(const event::Event& event);
  void draw_ids();

  EventLog& log_;
  store::Store& store_;
  std::shared_ptr<const understand::Rules> rules_;  // the pipeline's thread only, once it runs
  understand::Understanding understanding_;
  const Clock& clock_;
  Random& random_;
  Log& diary_;
  const Options options_;
  Counters counters_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  uint64_t queued_bytes_ = 0;
  bool is_closed_ = false;
  std::shared_ptr<const understand::Rules> new_rules_;  // null: none are to be taken over
  std::atomic<bool> is_ready_{false};

  // The first thread's only.
  Work* work_ = nullptr;       // the job at hand
  bool has_ids_ = false;       // for the job at hand
  uint16_t id_high_bits_ = 0;  // of the next event's id
  uint64_t id_low_bits_ = 0;
  std::string last_run_;  // of the event before, and what its id has for it
  uint64_t last_fingerprint_ = 0;
  int64_t now_us_ = 0;
  int64_t next_maintenance_us_ = 0;
  int64_t next_keeping_us_ = 0;
  uint64_t kept_lessons_ = 0;

  Indexer indexer_;
  std::thread thread_;
};

}  // namespace gasoline::daemon
