#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "process/waiting_keeper.h"
#include "spool/held_run.h"

namespace gasoline::capture {

/// Keeps somebody who goes on with a run if we die: the daemon, or, while none is there, a guardian,
/// a small process that we start for it.
///
/// It gets the receiving ends of a HeldRun, and a connection whose end tells it that we are gone.
/// We wait for nothing it does: a daemon that is frozen has the ends in its queue. If it ends, the
/// next one is looked for, at growing intervals; until one is found a process::WaitingKeeper holds
/// the run, so that nobody has to be waited for. Loop thread only.
class HolderLink {
 public:
  struct Options {
    std::string socket_path;       ///< the daemon's for this; empty: there is none
    std::string guardian_program;  ///< run as `PROGRAM --keeper`; empty: none
    spool::HoldRequest request;
    int64_t guardian_delay_us = 300'000;  ///< without a daemon for so long, a guardian is started
  };
  static constexpr int64_t kRetryDelayMinUs = 20'000;
  static constexpr int64_t kRetryDelayMaxUs = 2'000'000;

  /// `held` is borrowed. `on_end` is called when the holder asks us to end the run.
  HolderLink(loop::Loop& loop, const Clock& clock, Options options, const spool::HeldRun& held,
             std::function<void()> on_end);
  /// Withdraw what is held before: whoever sees the connection end looks for it.
  ~HolderLink();
  HolderLink(const HolderLink&) = delete;
  HolderLink& operator=(const HolderLink&) = delete;

  /// Looks for a holder: once at the call, and then whenever there is none.
  void start();
  /// Nobody is to hold the run any more, which has been withdrawn, and this process is about to end.
  void end();
  uint64_t guardians_started() const { return guardians_started_; }

 private:
  void look_for_holder();
  bool ask_daemon();
  bool start_guardian();
  void start_stopgap();
  bool send_request(FileDescriptor connection);
  void on_readable();
  void lose_holder();
  void reap_guardian();

  loop::Loop& loop_;
  const Clock& clock_;
  const Options options_;
  const spool::HeldRun& held_;
  const std::function<void()> on_end_;
  loop::Timer retry_;
  FileDescriptor connection_;
  std::unique_ptr<loop::Poll> poll_;
  int64_t alone_since_us_ = 0;
  int64_t asked_at_us_ = 0;
  int quick_losses_ = 0;  // holders that went away as soon as they were asked
  int64_t retry_delay_us_ = kRetryDelayMinUs;
  pid_t guardian_ = -1;
  process::WaitingKeeper stopgap_;
  FileDescriptor stopgap_connection_;
  uint64_t guardians_started_ = 0;
};

}  // namespace gasoline::capture
