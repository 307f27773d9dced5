#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/heartbeat.h"
#include "base/log.h"
#include "base/random.h"

namespace gasoline {

/// What a supervisor has to know of a task.
struct TaskSettings {
  std::string name;                ///< "file:/var/log/app.log"
  int64_t stall_us = 10'000'000;   ///< silent for longer, and not resting, it has stalled
  /// Gives up what the task does now and begins anew; null if that is not possible. Called on the
  /// supervisor's thread, again and again with growing pauses while the task stays silent. Must not
  /// block. May watch and drop tasks, its own too.
  std::function<void()> restart{};
  /// When it was last heard of, on the monotonic clock, for a task that keeps that itself; null:
  /// its Watch's heartbeat tells. Must not block.
  std::function<int64_t()> heard_us{};
};

/// How a task is.
struct TaskStatus {
  enum class State {
    kRunning,
    kResting,    ///< waits for something that may never come
    kStalled,    ///< silent for too long, and nothing to be done, or not yet
    kRestarted,  ///< begun anew, and not heard of since
  };
  std::string name;
  State state = State::kRunning;
  int64_t silent_us = 0;  ///< since it was heard of
  uint64_t stalls = 0;
  uint64_t restarts = 0;
  bool can_restart = false;
};

std::string_view to_string(TaskStatus::State state) noexcept;

/// Watches over long-lived tasks, so that none is ever silently dead: says in the log when one
/// stalls and when it is back, and restarts it where that is possible: at once, then again as long
/// as it stays silent, with pauses of its stall_us at least and of 1 s, doubling to 60 s, give or
/// take a tenth. Once it has been well for 60 s the pauses begin anew.
///
/// Thread-safe. The looking is done by a thread of its own, which outlives a stalled event loop.
class Supervisor {
  struct Task;

 public:
  static constexpr size_t kTasksMax = 4096;
  static constexpr int64_t kLookIntervalUs = 1'000'000;

  /// A task that is watched as long as this lives. Its end waits for a restart() in progress, but
  /// for one that it is called from. Must end before the supervisor.
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) noexcept;
    ~Watch();
    /// Good even where the task is one too many to be watched, or none at all.
    Heartbeat& heartbeat() { return *heartbeat_; }
    /// For a task that may outlive this.
    std::shared_ptr<Heartbeat> shared_heartbeat() const { return heartbeat_; }
    void drop();

   private:
    friend class Supervisor;
    Supervisor* supervisor_ = nullptr;
    std::shared_ptr<Task> task_;
    std::shared_ptr<Heartbeat> heartbeat_ = std::make_shared<Heartbeat>();
  };

  Supervisor(const Clock& clock, Random& random, Log& log);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// Over kTasksMax the task is counted as unwatched.
  [[nodiscard]] Watch watch(TaskSettings settings);

  /// Starts the thread; without it look() is called by hand, as tests do.
  void start();
  /// Ends the thread. Then no restart() is called any more.
  void stop();
  /// One look at every task.
  void look();

  /// In the order in which they came.
  std::vector<TaskStatus> tasks() const;
  /// Since the start.
  struct Totals {
    uint64_t stalls = 0;
    uint64_t restarts = 0;
    uint64_t unwatched = 0;  ///< tasks over kTasksMax
  };
  Totals totals() const;

 private:
  void run();
  void look_at(const std::shared_ptr<Task>& task, int64_t now_us);
  void note_life(Task& task, int64_t now_us);
  void note_stall(Task& task, int64_t now_us);
  int64_t next_pause_us(Task& task);
  void remove(const std::shared_ptr<Task>& task);

  const Clock& clock_;
  Random& random_;
  Log& log_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Task>> tasks_;
  Totals totals_;
  const Task* restarting_ = nullptr;
  std::thread::id looker_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace gasoline
