#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "loop/loop.h"
#include "loop/mailbox.h"
#include "source/source.h"

namespace gasoline::source {

/// A source that waits for sockets and processes: a thread with a loop of its own, which runs one
/// task for as long as the source lives. The thread bears the source's type as its name.
class LoopSource final : public Source {
 public:
  /// What the thread does. Made, driven and destroyed on it.
  class Task {
   public:
    virtual ~Task() = default;
    /// Does what is due; returns when to call again at the latest, on the monotonic clock.
    virtual int64_t tick() = 0;
    virtual Snapshot snapshot() const = 0;
  };
  /// `wake` asks for a tick() soon; any thread, as long as the source lives.
  using MakeTask =
      std::function<std::unique_ptr<Task>(loop::Loop& loop, std::function<void()> wake)>;

  /// `type` is a literal.
  LoopSource(std::string name, std::string_view type, const Clock& clock, MakeTask make_task);
  ~LoopSource() override;

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return type_; }
  void start() override;
  void request_stop() override;
  bool has_stopped() const override { return has_stopped_; }
  void stop() override;
  Snapshot snapshot() const override;
  int64_t heartbeat_us() const override { return heartbeat_us_; }

 private:
  static constexpr size_t kWakeUpsMax = 4;
  static constexpr int64_t kSnapshotIntervalUs = 200'000;
  /// From one round to the next at least: what comes fast is read together. Less than it takes an
  /// engine, which writes line by line, to fill a socket.
  static constexpr int64_t kRoundUs = 250;

  void run();
  void drive(loop::Loop& loop, Task& task);
  void wake();
  void publish(Snapshot snapshot);

  const std::string name_;
  const std::string_view type_;
  const Clock& clock_;
  const MakeTask make_task_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_stopped_{true};
  std::atomic<int64_t> heartbeat_us_{0};
  std::mutex mailbox_mutex_;
  loop::Mailbox* mailbox_ = nullptr;  // of the thread, while it runs
  bool is_woken_ = false;
  mutable std::mutex snapshot_mutex_;
  Snapshot snapshot_;
  std::thread thread_;
};

}  // namespace gasoline::source
