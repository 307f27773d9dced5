#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/page_memory.h"
#include "base/result.h"
#include "io/file.h"

namespace gasoline::journal {

/// A record as it stands in a segment file.
struct Frame {
  uint64_t offset = 0;      ///< of its header
  uint64_t end_offset = 0;  ///< where the next record would stand
  uint64_t sequence = 0;
  std::string_view payload;  ///< valid until the scanner's next call
};

/// Finds intact records in one segment file, through a buffer of its own.
///
/// Reads ahead further the longer it goes on (4 KiB to kReadSizeMax), so that a dead segment takes
/// few calls and the end of a live one takes a small read. The buffer grows beyond that only for a
/// longer record. Whatever the file holds, work is linear in its size and memory is bounded by
/// kPayloadSizeMax. One thread.
class SegmentScanner {
 public:
  static constexpr size_t kReadSizeMin = 4 * 1024;
  static constexpr size_t kReadSizeMax = 512 * 1024;

  /// Looks at `file` from now on, which must outlive the next attach().
  void attach(io::File& file, uint64_t segment_id);
  /// Forgets what was read, so that the next call sees the file as it is then.
  void forget();

  /// True if an intact record of this segment stands at `offset` and all of it is in the buffer.
  /// False says nothing: then ask frame_at().
  bool take_buffered(uint64_t offset, Frame& frame) const noexcept;
  /// The record at `offset`, if an intact one of this segment stands there.
  Result<std::optional<Frame>> frame_at(uint64_t offset);
  /// The first intact record that begins in [from, to) and whose sequence is at least
  /// `sequence_min`.
  Result<std::optional<Frame>> find_frame(uint64_t from, uint64_t to, uint64_t sequence_min);
  /// For a damaged segment header: the segment_id of the first intact record whatever its id whose
  /// sequence is in [sequence_min, sequence_max].
  Result<std::optional<uint64_t>> find_segment_id(uint64_t sequence_min, uint64_t sequence_max);

 private:
  Result<std::string_view> bytes_at(uint64_t offset, size_t size);
  Result<std::optional<Frame>> intact_frame_at(uint64_t offset, uint64_t segment_id);
  void grow(size_t capacity);

  io::File* file_ = nullptr;
  uint64_t segment_id_ = 0;
  PageMemory buffer_;
  size_t buffered_ = 0;         // bytes in buffer_
  uint64_t buffer_offset_ = 0;  // of buffer_[0] in the file
  size_t read_size_ = kReadSizeMin;
};

}  // namespace gasoline::journal
