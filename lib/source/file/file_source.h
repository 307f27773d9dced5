#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "config/settings.h"
#include "source/file/follower.h"
#include "source/source.h"

namespace gasoline::source {

/// Follows files (docs/ROTATION.md): a Follower on a thread of its own, woken by inotify, by the
/// pipeline's answers and by time. Status is published twice a second, so that asking for it never
/// waits for a file system.
class FileSource final : public Source {
 public:
  /// Reads its checkpoint at once, so that the marks in it are held before the log is replayed.
  FileSource(config::SourceSettings settings, const Surroundings& around,
             Follower::Timing timing = {}, LabelFile label = {});
  ~FileSource() override;
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "file"; }
  void start() override;
  void request_stop() override;
  bool has_stopped() const override { return has_stopped_.load(std::memory_order_acquire); }
  void stop() override;
  Snapshot snapshot() const override;
  int64_t heartbeat_us() const override { return heartbeat_us_.load(std::memory_order_relaxed); }

 private:
  void run();
  void publish(int64_t now_us);

  const std::string name_;
  const Surroundings around_;
  const std::shared_ptr<LineAnswers> answers_;
  std::unique_ptr<Follower> follower_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> has_stopped_{true};
  std::atomic<int64_t> heartbeat_us_{0};
  int64_t published_us_ = 0;
  mutable std::mutex mutex_;
  Snapshot snapshot_;
  std::thread thread_;
};

}  // namespace gasoline::source
