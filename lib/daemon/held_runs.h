#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "spool/hand_over.h"
#include "spool/held_run.h"

namespace gasoline::daemon {

/// What wrappers give into our hands: runs to hold while they live (spool::HeldRun), and pipes to
/// take over for good (spool::HandOver). Loop thread only.
///
/// Holding is waiting for a connection to end. Then, if the wrapper has left its run, a keeper is
/// started (process::start_keeper), which gets all that was held: a process of its own, so that the
/// run does not depend on us any further. It asks us to hold the run in its turn, and so shows here
/// as taken over.
class HeldRuns {
 public:
  static constexpr size_t kRunsMax = 1024;         ///< fewer if there are too few descriptors
  static constexpr size_t kDescriptorsARun = 6;    ///< of ours, for each run
  static constexpr int64_t kBreathUs = 1'000'000;  ///< without descriptors nobody is let in so long
  static constexpr uint64_t kTakeoversMax = 64;  ///< of one run: something kills its keepers
  struct Counters {
    uint64_t taken_over = 0;
    uint64_t refused = 0;
    uint64_t failures = 0;  ///< runs that could not be gone on with
  };
  struct Shown {
    std::string run_id;
    std::string service;
    int64_t since_us = 0;  ///< 0: its wrapper lives
  };
  enum class Ending { kAsked, kHasWrapper, kUnknown };

  /// `keeper_program`: see process::find_keeper_program().
  HeldRuns(loop::Loop& loop, Log& log, std::string keeper_program, size_t runs_max,
           std::function<void(spool::HandOver)> on_hand_over);
  /// kRunsMax, or so many that half of this process's descriptors are left to others.
  static size_t affordable_runs();
  /// Lets go of all; wrappers and keepers look for another holder.
  ~HeldRuns();
  HeldRuns(const HeldRuns&) = delete;
  HeldRuns& operator=(const HeldRuns&) = delete;

  Status listen(const std::string& socket_path);
  /// Reaps keepers that have ended. To be called now and then.
  void keep_house();
  size_t runs_max() const { return runs_max_; }
  size_t runs() const { return runs_.size(); }
  const Counters& counters() const { return counters_; }
  /// In the order of their coming.
  std::vector<Shown> shown() const;
  /// Asks the keeper of a run that was taken over to hang up.
  Ending end_run(std::string_view run_id);

 private:
  struct Run;
  void watch();
  void on_connection();
  void on_readable(Run& run);
  void on_message(Run& run, spool::DescriptorMessage message);
  void on_gone(Run& run);
  void remove_ended();

  loop::Loop& loop_;
  Log& log_;
  const std::string keeper_program_;
  const size_t runs_max_;
  const std::function<void(spool::HandOver)> on_hand_over_;
  loop::Timer cleaner_;  // a run is never destroyed from its own callback
  loop::Timer breath_;
  FileDescriptor listening_;
  std::unique_ptr<loop::Poll> poll_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<pid_t> keepers_;  // to be reaped
  Counters counters_;
};

}  // namespace gasoline::daemon
