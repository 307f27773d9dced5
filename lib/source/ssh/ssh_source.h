#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "source/source.h"

namespace gasoline::source::ssh {

/// The files of one remote host, over one connection of the system's ssh. See host_reader.h for
/// what it does, far_side.h for what runs on the host.
///
/// `settings`: all sources of one host, which must agree in how to connect. kInvalid for a host or
/// path that could be misunderstood.
Result<std::unique_ptr<Source>> make_ssh_source(std::vector<config::SourceSettings> settings,
                                                const Surroundings& surroundings);

/// True if both can share one connection.
bool is_same_host(const config::SourceSettings& a, const config::SourceSettings& b);

}  // namespace gasoline::source::ssh
