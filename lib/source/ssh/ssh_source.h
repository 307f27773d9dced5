#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "loop/mailbox.h"
#include "source/source.h"
#include "source/ssh/host_reader.h"
#include "source/ssh/key_watch.h"

namespace gasoline::source::ssh {

/// The files of one remote host, over one connection of the system's ssh. A thread and a loop of
/// its own. See host_reader.h for what it does, far_side.h for what runs on the host.
class SshSource final : public Source {
 public:
  /// `settings`: all sources of one host, which must agree in how to connect. kInvalid for a host
  /// or path that could be misunderstood.
  static Result<std::unique_ptr<Source>> create(std::vector<config::SourceSettings> settings,
                                                Surroundings surroundings);
  ~SshSource() override;

  const std::string& name() const override { return name_; }
  std::string_view type() const override { return "ssh"; }
  void start() override;
  void request_stop() override;
  bool has_stopped() const override { return has_stopped_; }
  void stop() override;
  Snapshot snapshot() const override;
  int64_t heartbeat_us() const override { return heartbeat_us_; }

 private:
  SshSource(std::vector<config::SourceSettings> settings, Surroundings surroundings);
  void run();
  void wake();

  const std::vector<config::SourceSettings> settings_;
  const Surroundings around_;
  const std::string name_;
  const uint64_t seed_;
  const std::string checkpoint_path_;
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

/// True if both can share one connection.
bool is_same_host(const config::SourceSettings& a, const config::SourceSettings& b);

}  // namespace gasoline::source::ssh
