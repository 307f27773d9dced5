#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/random.h"
#include "capture/acknowledgement.h"
#include "capture/daemon_starter.h"
#include "capture/spool_claims.h"
#include "http/client.h"
#include "io/file_system.h"
#include "journal/writer.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "spool/dead_run.h"
#include "spool/ring_recovery.h"
#include "spool/spool_reader.h"

namespace gasoline::capture {

/// Delivers the spool of a run to the daemon, and then what dead runs left behind. A thread and a
/// loop of its own.
///
/// An idle stream is sent at once; while a batch is in flight the next one grows. What cannot be
/// delivered stays in the spool and is tried again for ever, at intervals from 100 ms to 30 s;
/// whatever is left at the end is adopted by the next daemon or wrapper.
class Sender {
 public:
  struct Options {
    http::Client::Target target;
    std::string target_name;         ///< for messages
    std::string adoption_directory;  ///< where the spools of dead runs are; empty: adopt none
    std::string ring_directory;      ///< their rings: see Places::ring_directory
    std::string daemon_program;      ///< started if nobody answers; empty: never
    int64_t request_timeout_us = 30'000'000;
    std::string version;  ///< ours: an older daemon that we may replace is asked to end
  };
  struct Counters {
    std::atomic<uint64_t> acknowledged_events{0};
    std::atomic<uint64_t> rejected_events{0};
    std::atomic<uint64_t> failed_requests{0};
  };

  /// `on_acknowledged` is called from the sender's thread: all records below its argument were
  /// taken. `on_problem` likewise, once per cause, with words for the user.
  Sender(io::FileSystem& files, const Clock& clock, Random& random, Options options,
         std::function<void(uint64_t record)> on_acknowledged,
         std::function<void(const std::string&)> on_problem);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  /// Starts the thread. `directory` answers with the spool's directory, empty while there is none
  /// yet. `claims` are shared with who drops what the spool has no room for; null if nobody does.
  void start(spool::RunDescription run, std::function<std::string()> directory,
             SpoolClaims* claims = nullptr);
  /// The spool has more. Any thread; cheap while the sender is busy.
  void notify();
  /// True while the daemon is away: nobody waits for what is spooled. Any thread.
  bool has_nobody() const { return nobody_listens_.load(std::memory_order_relaxed); }
  /// The spool is complete: delivers what is left and ends the thread, after at most `timeout_us`,
  /// or `unanswered_timeout_us` if no daemon has answered so far, or at once if nobody listens.
  /// True if everything was acknowledged.
  bool finish(int64_t timeout_us, int64_t unanswered_timeout_us);
  /// A daemon of ours has acknowledged something. Any thread.
  bool has_answered() const { return has_answered_.load(std::memory_order_relaxed); }
  const Counters& counters() const { return counters_; }

 private:
  /// One spool on its way: our own, or an adopted one whose journal we hold.
  struct Outgoing {
    std::unique_ptr<journal::Writer> lock;  // of an adopted spool
    std::string directory;
    std::unique_ptr<spool::SpoolReader> reader;
    spool::SpoolBatch batch;
    spool::SpoolPosition batch_start;
    spool::BatchLimits limits;
    bool is_readable = true;
  };

  void run();
  void pump();
  bool prepare(Outgoing& outgoing);
  Status read_batch(Outgoing& outgoing);
  bool was_dropped(const Outgoing& outgoing);
  bool open_own();
  bool adopt_next();
  void send(Outgoing& outgoing);
  void on_answer(Result<http::Response> answer);
  void on_taken(const Acknowledgement& said);
  bool replace_older_daemon(std::string_view version);
  void on_refused();
  void move_on(std::string_view daemon_version);
  void retry_later(int64_t least_delay_us);
  void on_unreachable(const Error& error);
  void reject(std::string_view reason);
  void finish_adopted();
  void end(bool delivered);
  void report(std::string_view cause, const std::string& text);

  io::FileSystem& files_;
  const Clock& clock_;
  Random& random_;
  const Options options_;
  const std::function<void(uint64_t)> on_acknowledged_;
  const std::function<void(const std::string&)> on_problem_;
  Counters counters_;

  std::atomic<bool> is_idle_{false};
  std::mutex mutex_;
  std::condition_variable started_;
  bool has_started_ = false;          // guarded by mutex_
  loop::Mailbox* mailbox_ = nullptr;  // guarded by mutex_; null outside the thread's life
  bool delivered_ = false;

  // The sender's thread only.
  spool::RunDescription run_;
  std::function<std::string()> directory_;
  SpoolClaims* claims_ = nullptr;
  loop::Loop* loop_ = nullptr;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<loop::Timer> retry_timer_;
  std::unique_ptr<loop::Timer> deadline_timer_;
  DaemonStarter starter_;
  spool::RingRecovery rings_;
  std::unique_ptr<Outgoing> own_;
  std::unique_ptr<Outgoing> adopted_;
  Outgoing* in_flight_ = nullptr;
  bool is_waiting_to_retry_ = false;
  bool is_finishing_ = false;
  bool is_replacing_ = false;
  std::atomic<bool> has_answered_{false};  // read by others
  std::atomic<bool> nobody_listens_{false};
  int quick_retries_left_ = 0;
  int64_t retry_delay_us_ = 0;
  int64_t next_adoption_us_ = 0;
  std::string last_directory_tried_;
  std::vector<std::string> reported_;

  std::thread thread_;
};

}  // namespace gasoline::capture
