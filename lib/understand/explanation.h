#pragma once

#include <string>
#include <vector>

#include "event/event.h"
#include "understand/understanding.h"

namespace gasoline::understand {

/// One thing that was recognised in a line.
struct Finding {
  std::string what;   ///< "time", "correlation id", "masked" ...
  std::string value;  ///< what it became
  std::string rule;   ///< by which rule, and from which part of the line
};

/// What was recognised in the line that `understanding` understood last, of which `event` came.
/// For people: the words may change.
std::vector<Finding> explain(const Understanding& understanding, const Rules& rules,
                             const event::Event& event);

}  // namespace gasoline::understand
