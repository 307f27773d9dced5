#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "config/settings.h"
#include "loop/mailbox.h"
#include "source/container/engine_watch.h"
#include "source/source.h"

namespace gasoline::source::container {

/// The containers of one engine, asked over its Unix socket. A thread and a loop of its own.
class ContainerSource final : public Source {
 public:
  /// kInvalid for limits that contradict each other.
  static Result<std::unique_ptr<Source>> create(const config::SourceSettings& settings,
                                                Surroundings surroundings,
                                                EngineWatch::Options options);
  ~ContainerSource() override;

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "container"; }
  void start() override;
  void request_stop() override;
  bool has_stopped() const override { return has_stopped_; }
  void stop() override;
  Snapshot snapshot() const override;
  int64_t heartbeat_us() const override { return heartbeat_us_; }

 private:
  ContainerSource(const config::SourceSettings& settings, Surroundings surroundings,
                  EngineWatch::Options options);
  void run();
  void watch(loop::Loop& loop, const std::string& socket);
  void wake();

  const config::SourceSettings settings_;
  const Surroundings around_;
  EngineWatch::Options options_;
  const std::string name_;
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

}  // namespace gasoline::source::container
