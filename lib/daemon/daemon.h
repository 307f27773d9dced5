#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "config/configuration.h"
#include "daemon/pipeline.h"

namespace gasoline::daemon {

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
    config::Configuration configuration;  ///< without errors
    /// Reads the configuration again, from its file and the command line. Called on a thread of a
    /// query; null: there is nothing to be read again.
    std::function<config::Reading()> read_configuration;
    // Where things are, all absolute; the settings of the same name have been looked at.
    std::string socket_path;
    std::string state_directory;
    std::string spool_directory;
    std::string ring_directory;
    std::string cache_directory;  ///< for compiled patterns; empty: none
    int64_t lock_timeout_us = 0;  ///< how long create() waits for another daemon to end
  };

  /// Takes the state directory, opens the event log and the sockets. A TCP port that another
  /// program holds is reported and left alone, as long as the Unix socket can be had.
  static Result<std::unique_ptr<Daemon>> create(Options options, const Clock& clock, Log& log);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Serves until SIGTERM or SIGINT, or until it was idle for too long. SIGHUP reads the
  /// configuration again.
  void run();
  /// After run(): a thread hangs in what does not answer, and still uses this. All that was
  /// acknowledged is in the event log; end by _exit().
  bool must_exit_at_once() const;
  const std::string& state_directory() const;

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gasoline::daemon
