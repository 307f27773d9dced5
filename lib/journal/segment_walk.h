#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "io/file.h"
#include "journal/segment_scanner.h"

namespace gasoline::journal {

struct WalkedFrame {
  Frame frame;
  uint64_t damaged_bytes = 0;  ///< right before it, where no intact record was found
};

/// Every intact record of one segment, in order, stepping over damage, once: unlike a Reader it
/// takes the end of what it finds for the end. Of a segment being written it gives a beginning.
class SegmentWalk {
 public:
  /// Looks at [kSegmentHeaderSize, size_bytes) of `file`, which must outlive the walk, for records
  /// of at least `sequence_min`.
  SegmentWalk(io::File& file, uint64_t segment_id, uint64_t sequence_min, uint64_t size_bytes);

  /// nullopt after the last one. A payload is valid until the next call.
  Result<std::optional<WalkedFrame>> next();
  /// Behind the last record given.
  uint64_t end_offset() const { return end_offset_; }

 private:
  Result<std::optional<Frame>> frame_here();

  SegmentScanner scanner_;
  const uint64_t size_bytes_;
  uint64_t sequence_min_;
  uint64_t end_offset_;
};

/// Writes the record at `end_offset` of another segment, with its sequence, and moves `end_offset`
/// behind it.
Status write_frame(io::File& to, uint64_t segment_id, const Frame& frame, uint64_t& end_offset);

}  // namespace gasoline::journal
