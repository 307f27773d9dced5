#pragma once

#include <string_view>
#include <vector>

namespace gasoline::daemon {

/// Tells the service manager a state such as "READY=1", by the datagram protocol of sd_notify(3).
/// Nothing happens when no manager asked for it.
void notify_service_manager(std::string_view state);

/// The listening sockets that a service manager hands over, by the protocol of sd_listen_fds(3):
/// made close-on-exec, owned by the caller. Empty when there are none.
std::vector<int> take_activation_sockets();

}  // namespace gasoline::daemon
