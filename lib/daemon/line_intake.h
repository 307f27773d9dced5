#pragma once

#include <functional>
#include <string_view>

#include "daemon/event_log.h"
#include "daemon/pipeline.h"
#include "source/intake.h"

namespace gasoline::daemon {

/// The way of a source's lines into the pipeline, past HTTP and JSON. Thread-safe; holds nothing:
/// its bounds are those of the pipeline's queue, which both must outlive it.
class LineIntake final : public source::Intake {
 public:
  LineIntake(Pipeline& pipeline, EventLog& log) : pipeline_(pipeline), log_(log) {}

  /// `done` comes on the pipeline's thread, also for what is queued when the pipeline is drained.
  bool try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) override;
  uint64_t last_seq(std::string_view run_id) const override;
  bool is_ready() const override { return pipeline_.is_ready(); }
  void hold(std::string_view run_id, bool is_held) override;

 private:
  Pipeline& pipeline_;
  EventLog& log_;
};

}  // namespace gasoline::daemon
