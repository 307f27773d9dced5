#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/spool_claims.h"
#include "event/gap.h"
#include "io/file_system.h"
#include "spool/spool_record.h"

namespace gasoline::capture {

/// What each segment of a spool holds, so that one that has to be dropped can be told as a gap, and
/// what of the dropped ones is not told yet. One thread, the spool's.
///
/// A gap event stands for the lines that it tells of: they are not forgotten with it. Lines that
/// were acknowledged are no loss, and those that the sender has in its hand are one only if it
/// gives them up (SpoolClaims).
class SegmentLedger {
 public:
  explicit SegmentLedger(io::FileSystem& files) : files_(files) {}

  /// What comes from here on is of a new segment; the one before, if there is one, is closed.
  void begin_segment(uint64_t first_record, uint64_t first_seq);
  /// A closed segment of an earlier writer. It is read only if it has to be dropped.
  void inherit(uint64_t first_record, uint64_t end_record);
  /// A record was written. Returns how many lines it brought.
  uint64_t add(const spool::SpoolRecord& record, const std::vector<spool::EventTimes>& times);
  /// Forgets the closed segments that are wholly below `record`.
  void release_before(uint64_t record);

  /// Of the segment that is written to.
  uint64_t captured_bytes() const { return active_.captured_bytes; }
  uint64_t active_lines() const { return active_.lines; }
  int64_t active_to_us() const { return active_.to_us; }
  /// Behind the oldest closed segment's last record; UINT64_MAX if none is closed.
  uint64_t oldest_end_record() const;
  /// Time of its newest line; INT64_MAX likewise. `directory` is where the spool is.
  int64_t oldest_to_us(const std::string& directory);

  /// Has `drop` remove the oldest closed segment, and notes what is lost with it, in lines, as its
  /// answer. nullopt if none is closed or `drop` says that it failed.
  std::optional<uint64_t> drop_oldest(const std::string& directory, SpoolClaims& claims,
                                      std::string_view reason, const std::function<bool()>& drop);
  /// The sender ends without delivering what it held: what of that was dropped is lost.
  void give_up_claimed(SpoolClaims& claims);
  /// Lost, and no gap event of it written yet; null for nothing. Valid until the next call.
  const event::Gap* untold_loss() const { return untold_ ? &*untold_ : nullptr; }
  void note_told() { untold_.reset(); }

 private:
  struct Segment {
    uint64_t first_record = 0;
    uint64_t end_record = 0;
    uint64_t first_seq = 0;
    uint64_t end_seq = 0;
    uint64_t lines = 0;           // those that its gap events tell of among them
    uint64_t bytes = 0;           // likewise
    uint64_t captured_bytes = 0;  // in its own records
    int64_t from_us = 0;
    int64_t to_us = 0;
    bool is_counted = true;  // false: of an earlier writer, only the records are known yet
  };
  using UseRecord =
      std::function<void(const spool::SpoolRecord&, const std::vector<spool::EventTimes>&)>;

  void tell_later(const event::Gap& lost, std::string_view reason);
  void count_inherited(Segment& segment, const std::string& directory);
  event::Gap count_events(const Segment& segment, const std::string& directory, uint64_t from_seq,
                          uint64_t end_seq);
  void for_each_record(const Segment& segment, const std::string& directory, const UseRecord& use);

  io::FileSystem& files_;
  Segment active_;  // first_record is 0 before there is one
  std::deque<Segment> closed_;
  std::optional<event::Gap> untold_;
  std::string untold_reason_;
  event::Gap claimed_loss_;       // dropped while the sender held it
  uint64_t claimed_end_seq_ = 0;  // up to here
};

}  // namespace gasoline::capture
