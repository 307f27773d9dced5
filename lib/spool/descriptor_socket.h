#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace gasoline::spool {

/// Messages with descriptors over local sockets that keep the bounds of messages (SOCK_SEQPACKET).
/// Nothing here waits, but wait_for_message().
struct DescriptorMessage {
  std::string text;
  std::vector<FileDescriptor> descriptors;  ///< close-on-exec
};

inline constexpr size_t kDescriptorsMax = 8;
inline constexpr size_t kMessageSizeBytesMax = 64 * 1024;

struct SocketPair {
  FileDescriptor first;
  FileDescriptor second;
};
Result<SocketPair> make_socket_pair();

/// EAGAIN if whoever listens there is too busy, or frozen, to be waited for.
Result<FileDescriptor> connect_to_socket(const std::string& path);
/// Mode 0600; replaces what is there. Only for a path that is ours alone.
Result<FileDescriptor> listen_at_socket(const std::string& path);
/// Refuses peers of other users (EPERM), but root.
Result<FileDescriptor> accept_connection(int listening_fd);

/// Error::kTooLarge over one of the bounds above; EAGAIN if the receiver has too much waiting.
Status send_message(int socket, std::string_view text, std::span<const int> descriptors);
/// Nothing if no message waits. Error::kClosed if none will come.
Result<std::optional<DescriptorMessage>> receive_message(int socket);
/// False if nothing came, and the other side did not close, within `timeout_ms` (-1: for ever).
bool wait_for_message(int socket, int timeout_ms);

}  // namespace gasoline::spool
