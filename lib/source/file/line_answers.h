#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "base/wake_up.h"
#include "source/intake.h"

namespace gasoline::source {

/// Answers of the pipeline on their way back to a follower, which may be gone by then.
struct LineAnswers {
  struct Answer {
    uint64_t generation = 0;  ///< its key
    uint64_t end_offset = 0;  ///< of the batch
    uint64_t last_seq = 0;
    uint64_t lines = 0;
    uint64_t bytes = 0;
    uint64_t lost_bytes = 0;    ///< of which the batch tells
    bool tells_of_gap = false;
    Taken taken = Taken::kYes;
  };
  void add(const Answer& answer);
  std::vector<Answer> take();

  WakeUp wake;  ///< also for notices of other kinds to the follower's thread

 private:
  std::mutex mutex_;
  std::vector<Answer> answers_;
};

}  // namespace gasoline::source
