#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "spool/descriptor_socket.h"
#include "spool/run_description.h"
#include "spool/spool_record.h"

namespace gasoline::spool {

/// What a wrapper gives to the daemon when its child has ended and a process that the child left
/// behind still writes: the read ends of the pipes, and where the run's numbering stands.
/// Everything before it has been acknowledged.
struct HandOver {
  struct TakenStream {
    Stream stream = Stream::kStdout;
    uint64_t next_line = 1;
    FileDescriptor read_end;
  };
  RunDescription run;
  uint64_t next_seq = 1;
  std::vector<TakenStream> streams;  ///< at most kStreamsMax
  static constexpr size_t kStreamsMax = 2;
};

/// The daemon's socket for this, beside the one for HTTP.
std::string hand_over_socket_path(const std::string& runtime_socket_path);

/// Sends it all in one packet of a SOCK_SEQPACKET socket and waits for the daemon's word that it
/// has it. Then the daemon reads the pipes, and the caller must not. Blocks for `timeout_us` at
/// most; after an Error the caller still has the pipes to itself.
Status send_hand_over(const std::string& socket_path, const HandOver& hand_over,
                      int64_t timeout_us);

/// True of a message that take_hand_over() is for.
bool is_hand_over(std::string_view text);
/// Reads what came over `connection`, and confirms it.
Result<HandOver> take_hand_over(int connection, DescriptorMessage message);

}  // namespace gasoline::spool
