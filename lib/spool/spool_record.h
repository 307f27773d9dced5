#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gasoline::spool {

/// The streams of a run that are captured.
enum class Stream : uint8_t { kStdout = 1, kStderr = 2 };

std::string_view to_string(Stream stream) noexcept;

/// What one record of a spool holds. The values are the format's (docs/JOURNAL.md).
enum class RecordKind : uint8_t {
  kLines = 1,       ///< whole lines, each with its LF; every line is one event
  kPiece = 2,       ///< one event: a part of a line, or a line without an LF
  kGap = 3,         ///< one event: what was not captured, and why (event/gap.h)
  kRunStarted = 4,  ///< one event; the text is a JSON object without its braces
  kRunEnded = 5     ///< one event; likewise
};

/// Flags of a kPiece.
inline constexpr uint8_t kContinuesLine = 1;  ///< not the first piece of its line
inline constexpr uint8_t kEndsLine = 2;       ///< has the LF
inline constexpr uint8_t kPartial = 4;        ///< so far; the same line will come again, whole
inline constexpr uint8_t kReplaces =
    8;  ///< comes in the place of the kPartial event `replaces_seq`

/// How many of a record's events share a read time.
struct EventTimes {
  uint64_t count;
  int64_t time_us;
};

/// One record of a spool, as a view of its bytes. Integers are varints; docs/JOURNAL.md has the
/// table.
struct SpoolRecord {
  RecordKind kind = RecordKind::kLines;
  Stream stream = Stream::kStdout;
  uint8_t flags = 0;
  uint64_t first_seq = 0;      ///< number of the record's first event within the run, from 1
  uint64_t count = 0;          ///< events
  uint64_t first_line = 0;     ///< number of the first line within its stream, from 1
  uint64_t stream_offset = 0;  ///< of the first byte within its stream
  uint64_t replaces_seq = 0;   ///< with kReplaces
  std::string_view bytes;      ///< as the child wrote them; JSON members for the other kinds

  uint64_t end_seq() const { return first_seq + count; }
};

/// Appends the record's head (all but `bytes`, which the caller journals behind it).
void append_head(std::string& to, const SpoolRecord& record, const std::vector<EventTimes>& times);

/// Reads a record. `times` is overwritten. False if the payload is not a record of this version.
bool parse_record(std::string_view payload, SpoolRecord& record, std::vector<EventTimes>& times);

}  // namespace gasoline::spool
