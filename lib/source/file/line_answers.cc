#include "source/file/line_answers.h"

#include <utility>

namespace gasoline::source {

void LineAnswers::add(const Answer& answer) {
  {
    const std::lock_guard lock(mutex_);
    answers_.push_back(answer);
  }
  wake.notify();
}

std::vector<LineAnswers::Answer> LineAnswers::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

}  // namespace gasoline::source
