#pragma once

#include <memory>

#include "config/settings.h"
#include "source/source.h"

namespace gasoline::source::container {

/// `mode: files`: follows the json-file logs below the engine's data root as files, with names,
/// labels and filters from the descriptions beside them. Needs no engine; what rotates is followed
/// through its rotations (docs/ROTATION.md). A log without a description is followed under the
/// beginning of its container's id. A description is read once, on the source's thread, up to
/// 1 MiB: a container that is renamed keeps its first name until the source begins anew.
std::unique_ptr<Source> make_log_file_source(const config::SourceSettings& settings,
                                             const Surroundings& around);

}  // namespace gasoline::source::container
