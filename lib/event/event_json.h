#pragma once

#include <string>

#include "event/event.h"

namespace gasoline::event {

/// Appends the strict output form of an event: a JSON object with exactly the names of the
/// contract, nulls for what is absent. Times are milliseconds with three decimals. Event::metadata
/// is trusted to be JSON: every way in checks it.
void append_json(std::string& to, const Event& event);

}  // namespace gasoline::event
