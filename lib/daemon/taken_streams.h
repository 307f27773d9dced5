#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "daemon/pipeline.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "spool/hand_over.h"

namespace gasoline::daemon {

/// Goes on capturing where wrappers had to stop: reads the pipes that processes still hold whose
/// parent, the wrapped command, has ended. Loop thread only.
///
/// What is read goes through the pipeline under the run's own numbers, one batch of a run at a
/// time. While a batch is on its way the run's pipes are not read, so a full pipeline holds back
/// the writer and nothing piles up here: at most one read of 64 KiB and one unfinished line per
/// stream.
class TakenStreams {
 public:
  static constexpr size_t kRunsMax = 256;

  TakenStreams(loop::Loop& loop, Pipeline& pipeline, const Clock& clock, Log& log);
  /// Closes the pipes. Call after the pipeline was drained.
  ~TakenStreams();
  TakenStreams(const TakenStreams&) = delete;
  TakenStreams& operator=(const TakenStreams&) = delete;

  /// Reads the pipes from here on; closes them if there are too many runs.
  void take(spool::HandOver hand_over);
  /// Runs whose pipes are open.
  size_t runs() const { return runs_.size(); }
  uint64_t runs_total() const { return runs_total_; }
  uint64_t refused_total() const { return refused_total_; }

 private:
  class Run;
  void remove_ended();

  loop::Loop& loop_;
  Pipeline& pipeline_;
  const Clock& clock_;
  Log& log_;
  loop::Mailbox mailbox_;  // answers of the pipeline
  loop::Timer cleaner_;    // a run is never destroyed from one of its own callbacks
  std::vector<std::shared_ptr<Run>> runs_;
  uint64_t runs_total_ = 0;
  uint64_t refused_total_ = 0;
};

}  // namespace gasoline::daemon
