#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/losses.h"

namespace gasoline::daemon {

struct Context;

/// Something that is wrong and that a person can mend.
struct Problem {
  std::string what;
  std::string remedy;
};

/// What is wrong now, beside what was wrong at the start; for the loop's thread.
std::vector<Problem> current_problems(const Context& context, LossMemory& memory);

/// A source that gives its own sentence, with what to do about it.
std::string remedy_for_source(std::string_view problem);

}  // namespace gasoline::daemon
