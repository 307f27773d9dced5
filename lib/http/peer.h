#pragma once

#include "http/message.h"

namespace gasoline::http {

/// Who is at the other end of a connected socket. Cheap: leaves the uid of a TCP peer open.
Peer identify_peer(int fd);

/// Looks up who owns the other end of a loopback TCP connection, in /proc/net/tcp and tcp6. Reads
/// the machine's socket table: once per connection, not per request. False, with `peer` unchanged,
/// if the peer's socket is gone or was given up by its process, whose uid the kernel then reports
/// as 0.
bool find_tcp_uid(int fd, Peer& peer);

/// The same, in a given table of the format of /proc/net/tcp; for tests.
bool find_uid_in_table(const char* table_path, const char* local, const char* remote,
                       unsigned& uid);

}  // namespace gasoline::http
