#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "config/configuration.h"
#include "daemon/access_policy.h"
#include "daemon/query_threads.h"
#include "loop/mailbox.h"
#include "understand/rules.h"

namespace gasoline::daemon {

/// What came of reading the configuration again.
struct ReloadResult {
  bool is_in_force = false;
  std::vector<std::string> errors;   ///< with file, line and column; then nothing has changed
  std::vector<std::string> notes;
  std::vector<std::string> changed;  ///< keys that are in force now
  std::vector<std::string> needs_restart;  ///< keys whose new value waits for a restart
};

/// How the configuration is, for status.
struct ConfigurationState {
  std::string file;         ///< empty: there is none
  int64_t read_us = 0;      ///< wall clock; when what is in force was read
  uint64_t reloads = 0;     ///< since the start, good ones
  uint64_t refused = 0;
  std::vector<std::string> errors;         ///< of the last one, if it was refused
  std::vector<std::string> needs_restart;  ///< what waits for a restart
};

/// Reads the configuration again and puts it in force, as a whole or not at all.
///
/// What can fail is done first and on a thread of the queries': reading, compiling expressions,
/// reading the token. Then `put_in_force` is called on the loop's thread, and cannot fail. One at a
/// time; who asks meanwhile gets the result of one more that begins behind it.
///
/// Loop thread only.
class Reload {
 public:
  /// All that a new configuration needs, made and checked.
  struct Prepared {
    config::Configuration configuration;
    std::shared_ptr<const understand::Rules> rules;
    AccessPolicy::Options access;
  };
  struct Parts {
    std::function<config::Reading()> read;  ///< any thread
    std::function<Result<std::shared_ptr<const understand::Rules>>(const config::Settings&)>
        make_rules;                                                             ///< any thread
    std::function<Result<AccessPolicy::Options>(const config::Settings&)> make_access;  ///< any
    std::function<void(Prepared)> put_in_force;                                 ///< loop thread
  };
  using Done = std::function<void(const ReloadResult&)>;
  static constexpr size_t kWaitingMax = 64;

  /// `running` is what the daemon began with.
  Reload(loop::Loop& loop, QueryThreads& threads, const Clock& clock, Log& diary,
         config::Configuration running, Parts parts);
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  /// Calls `done` on the loop's thread, later. False if kWaitingMax wait already, or the threads
  /// are too busy.
  [[nodiscard]] bool request(Done done);

  const config::Configuration& running() const { return running_; }
  const ConfigurationState& state() const { return state_; }

 private:
  struct Outcome {
    ReloadResult result;
    std::unique_ptr<Prepared> prepared;  // null if it is refused
  };
  bool begin();
  Outcome prepare(const config::Settings& running) const;
  void finish(const std::shared_ptr<Outcome>& outcome);
  void say(const ReloadResult& result);

  QueryThreads& threads_;
  const Clock& clock_;
  Log& diary_;
  config::Configuration running_;
  const Parts parts_;
  ConfigurationState state_;
  std::vector<Done> current_;
  std::vector<Done> waiting_;
  bool is_busy_ = false;
  loop::Mailbox mailbox_;
};

}  // namespace gasoline::daemon
