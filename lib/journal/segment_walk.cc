#include "journal/segment_walk.h"

#include <array>

#include "journal/format.h"

namespace gasoline::journal {

SegmentWalk::SegmentWalk(io::File& file, uint64_t segment_id, uint64_t sequence_min,
                         uint64_t size_bytes)
    : size_bytes_(size_bytes), sequence_min_(sequence_min), end_offset_(kSegmentHeaderSize) {
  scanner_.attach(file, segment_id);
}

/// The record where the last one ended, if it stands there.
Result<std::optional<Frame>> SegmentWalk::frame_here() {
  Result<std::optional<Frame>> found = scanner_.frame_at(end_offset_);
  if (found && found->has_value() && (*found)->sequence < sequence_min_) found->reset();
  return found;
}

Result<std::optional<WalkedFrame>> SegmentWalk::next() {
  WalkedFrame usual;
  if (scanner_.take_buffered(end_offset_, usual.frame) &&
      usual.frame.end_offset <= size_bytes_ && usual.frame.sequence >= sequence_min_) {
    end_offset_ = usual.frame.end_offset;
    sequence_min_ = usual.frame.sequence + 1;
    return std::optional<WalkedFrame>(usual);
  }
  Result<std::optional<Frame>> found = frame_here();
  if (found && !found->has_value()) {
    found = scanner_.find_frame(end_offset_ + 1, size_bytes_, sequence_min_);
    if (found && found->has_value()) {
      // In a live segment, what stands before may have been written since it was looked at.
      const uint64_t later = (*found)->offset;
      scanner_.forget();
      found = frame_here();
      if (found && !found->has_value()) found = scanner_.frame_at(later);
    }
  }
  if (!found) return std::move(found).error();
  if (!found->has_value() || (*found)->end_offset > size_bytes_) {
    return std::optional<WalkedFrame>{};
  }
  const WalkedFrame walked{**found, (*found)->offset - end_offset_};
  end_offset_ = walked.frame.end_offset;
  sequence_min_ = walked.frame.sequence + 1;
  return std::optional<WalkedFrame>(walked);
}

Status write_frame(io::File& to, uint64_t segment_id, const Frame& frame, uint64_t& end_offset) {
  const RecordHeaderBytes header = make_record_header(
      segment_id, end_offset, frame.sequence, static_cast<uint32_t>(frame.payload.size()),
      std::span<const std::string_view>(&frame.payload, 1));
  const std::array<std::string_view, 2> parts{std::string_view(header.data(), header.size()),
                                              frame.payload};
  if (Status written = to.write_at(parts, end_offset); !written) return written;
  end_offset += kRecordHeaderSize + frame.payload.size();
  return {};
}

}  // namespace gasoline::journal
