#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace gasoline::capture {

/// What the two who work on a spool must agree on when its oldest segment is dropped: the spool's
/// thread drops it, and the sender may be reading it or have its lines on their way. Only so is
/// each line either delivered or told as lost, and never both.
///
/// Under `mutex`: the sender reads a batch and claims it; the spool's thread drops a segment and
/// counts what of it is not claimed.
struct SpoolClaims {
  std::mutex mutex;
  /// Records below were dropped: the sender must not read them, even where it still could.
  uint64_t floor_record = 1;
  /// Events below have been acknowledged.
  uint64_t acknowledged_end_seq = 1;
  /// Events below have been acknowledged, or the sender holds them and will deliver them.
  uint64_t claimed_end_seq = 1;
  /// Not under `mutex`: records from here on are not written yet. Set by the spool's thread.
  std::atomic<uint64_t> end_record{1};
};

}  // namespace gasoline::capture
