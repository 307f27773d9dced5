#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "daemon/pipeline.h"

namespace gasoline::daemon {

/// A TCP address to serve on.
struct ListenAddress {
  std::string address;
  uint16_t port = 0;
};

/// The whole daemon: builds its parts in view, serves until it is told to end, takes them down in
/// order.
///
///     HTTP server (loop thread) -> Pipeline (thread) -> EventLog -> Store
///                               -> QueryThreads -> Store
///     Adoption (thread) -> Pipeline
class Daemon {
 public:
  struct Options {
    std::string version;
    std::vector<ListenAddress> listen{{"127.0.0.1", 7890}};
    std::string socket_path;
    std::string state_directory;
    std::string spool_directory;
    std::string ring_directory;
    std::string cache_directory;  ///< for compiled patterns; empty: none
    std::string token;  ///< that peers beyond this machine must send; empty: none may come
    std::vector<std::string> allowed_hosts;
    std::vector<std::string> allowed_origins;
    AckLevel ack = AckLevel::kWritten;
    uint64_t log_size_bytes_max = 2ull << 30;
    uint64_t store_bytes_max = 512ull << 20;
    uint64_t store_events_max = 2'000'000;
    int64_t ttl_us = 24ll * 3'600'000'000;
    int64_t idle_exit_us = 0;     ///< 0: never
    int64_t lock_timeout_us = 0;  ///< how long create() waits for another daemon to end
  };

  /// Takes the state directory, opens the event log and the sockets. A TCP port that another
  /// program holds is reported and left alone, as long as the Unix socket can be had.
  static Result<std::unique_ptr<Daemon>> create(Options options, const Clock& clock, Log& log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Serves until SIGTERM or SIGINT, or until it was idle for too long. SIGHUP is logged and
  /// ignored while there is no configuration to read again.
  void run();
  const std::string& state_directory() const;

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gasoline::daemon
