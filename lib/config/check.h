#pragma once

#include "config/configuration.h"

namespace gasoline::config {

/// What the table of settings cannot say: how values belong together, and whether expressions can
/// be compiled. Adds to the reading's errors and notes, replaces "~" in paths of this machine, and
/// names sources that have no name.
void check_settings(Reading& reading, const Known& known);

}  // namespace gasoline::config
