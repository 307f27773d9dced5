#pragma once

#include <memory>

#include "base/result.h"
#include "config/settings.h"
#include "source/container/engine_watch.h"
#include "source/source.h"

namespace gasoline::source::container {

/// The containers of one engine, asked over its Unix socket; where several sockets are possible,
/// over whichever answers. See engine_watch.h for what it does. kInvalid for limits that contradict
/// each other. `options` need neither a checkpoint's path nor `wake`.
Result<std::unique_ptr<Source>> make_container_source(const config::SourceSettings& settings,
                                                      const Surroundings& surroundings,
                                                      EngineWatch::Options options);

}  // namespace gasoline::source::container
