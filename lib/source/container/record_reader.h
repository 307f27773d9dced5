#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gasoline::source::container {

/// One record of a container's log as the engine's API gives it: a line, or a part of one over 16
/// KiB.
struct Record {
  bool is_stderr = false;
  int64_t time_ns = 0;    ///< the engine's stamp, since the epoch
  std::string_view text;  ///< with its LF unless the line goes on or was never finished
};

/// "2026-11-21T02:32:17.793144969Z", also with fewer digits or an offset; nullopt for anything
/// else. Source: RFC 3339.
std::optional<int64_t> parse_time_ns(std::string_view text);

/// Cuts what GET /containers/ID/logs?timestamps=1 streams into records.
///
/// Without a terminal each record is framed: stream (1 stdout, 2 stderr), three zeros, length in
/// 32 bits big-endian, then the stamp, a space, the text. With one it is the bare lines, stamped,
/// ended by CR LF, and a stamp stands within a line after every 16 KiB. Source: Docker Engine API
/// 1.41, ContainerAttach; seen with Docker 20.10 and Podman 4.3.
class RecordReader {
 public:
  static constexpr size_t kFrameBytesMax = 4 << 20;
  static constexpr size_t kTerminalLineBytesMax = 1 << 20;

  explicit RecordReader(bool has_terminal) : has_terminal_(has_terminal) {}

  /// Calls `take` for each whole record; its text is valid within the call only. An Error: these
  /// are not records; the stream is of no further use.
  Status feed(std::string_view bytes, const std::function<void(const Record&)>& take);

 private:
  Status take_frames(const std::function<void(const Record&)>& take);
  void take_lines(const std::function<void(const Record&)>& take);

  const bool has_terminal_;
  std::string buffer_;
  int64_t long_line_ns_ = 0;  // of a line over its bound, of which a part was given
};

}  // namespace gasoline::source::container
