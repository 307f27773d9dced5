#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "framing/line_splitter.h"
#include "spool/spool_record.h"
#include "spool/stream_ring.h"

namespace gasoline::spool {

/// Bytes of a stream that were passed on but not captured.
struct Dropped {
  uint64_t position = 0;  ///< of the ring: what is behind it was captured after the gap
  uint64_t bytes = 0;
  uint64_t line_feeds = 0;        ///< among those bytes
  bool ends_inside_line = false;  ///< the stream ended before the LF of the last line dropped
  int64_t from_us = 0;
  int64_t to_us = 0;
};

/// A record that is ready for the journal. `record.bytes` are the ring's and stay there until the
/// framer is told that the record was written.
struct FramedRecord {
  SpoolRecord record;
  std::vector<EventTimes> times;
  uint64_t consumed_bytes = 0;  ///< of the ring, once it is written
  std::string text;             ///< owns the bytes of a gap
};

/// How far into a ring a framer may look: every gap at or before `head` was added to it. A pump
/// tells of a gap before it publishes what follows, so read the head first and ask for the gaps
/// then.
struct Horizon {
  uint64_t head = 0;
  bool is_end = false;  ///< nothing will come behind `head`
};

/// Cuts what waits in one stream's ring into records: whole lines, pieces of long ones, an
/// unfinished line after a second of silence, gaps. Event numbers are given by the caller, since
/// both streams of a run share them. The spool's thread only.
class StreamFramer {
 public:
  static constexpr int64_t kPartialAfterUs = 1'000'000;
  static constexpr uint64_t kRecordSizeBytesMax = 256 * 1024;

  /// Goes on where the ring's progress stands: at its beginning, for a new one.
  StreamFramer(Stream stream, StreamRing& ring, size_t line_size_bytes_max);

  /// Makes the next record, if there is one; the same again, with the number given, until accept().
  /// `now_us` is monotonic time.
  const FramedRecord* next(uint64_t next_seq, int64_t now_us, Horizon horizon);
  /// The record of the last next() is in the journal, as the one before `next_record`.
  void accept(uint64_t next_record);
  void add_gap(const Dropped& gap, std::string_view reason) { gaps_.push_back({gap, reason}); }
  bool has_gap() const { return !gaps_.empty(); }
  /// When next() may have something without a new byte; -1 for never. Monotonic time.
  int64_t next_deadline_us() const;
  /// Lines counted so far.
  uint64_t lines() const { return progress_.next_line - 1; }

 private:
  struct PendingGap {
    Dropped dropped;
    std::string_view reason;
  };

  bool make_lines(std::string_view waiting, uint64_t next_seq);
  bool make_piece(std::string_view waiting, uint64_t next_seq);
  bool make_unfinished(std::string_view waiting, uint64_t next_seq, int64_t now_us, bool is_last);
  void make_gap(uint64_t next_seq);
  void begin_record(RecordKind kind, uint64_t next_seq);
  uint64_t take_lines_together(std::string_view waiting);
  uint64_t take_lines_one_by_one(std::string_view waiting);
  void add_events(uint64_t count, int64_t time_us);

  const Stream stream_;
  StreamRing& ring_;
  const size_t line_size_bytes_max_;
  framing::LineSplitter splitter_;
  std::deque<PendingGap> gaps_;

  StreamRing::Progress progress_;
  bool has_pending_ = false;
  FramedRecord pending_;
  uint64_t pending_lines_ = 0;       // lines that the pending record ends
  bool pending_is_partial_ = false;  // its bytes stay in the ring

  uint64_t unfinished_size_ = 0;
  int64_t unfinished_since_us_ = -1;
};

}  // namespace gasoline::spool
