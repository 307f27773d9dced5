#include "daemon/line_intake.h"

#include <memory>
#include <utility>

#include "base/assert.h"

namespace gasoline::daemon {

bool LineIntake::try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) {
  GASOLINE_ASSERT(!batch.run_id.empty() && batch.lines.size() <= kLinesMax &&
                  batch.text.size() <= kTextSizeBytesMax);
  Pipeline::Job job;
  job.lines = std::make_unique<source::LineBatch>(std::move(batch));
  job.done = [done = std::move(done)](const Outcome& outcome) {
    done(outcome.code == Outcome::Code::kTaken ? source::Taken::kYes : source::Taken::kTryAgain);
  };
  if (pipeline_.submit(job)) return true;
  batch = std::move(*job.lines);
  return false;
}

uint64_t LineIntake::last_seq(std::string_view run_id) const {
  return log_.marks().last_seq(run_id);
}

void LineIntake::hold(std::string_view run_id, bool is_held) {
  log_.marks().hold(run_id, is_held);
}

}  // namespace gasoline::daemon
