#include "journal/segment_scanner.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "journal/format.h"

namespace gasoline::journal {
namespace {

constexpr size_t kSequenceAt = 8;  // in the record header
constexpr size_t kSegmentIdAt = 16;

/// Bytes that a search may checksum for candidates that turn out to be none. A file made to look
/// like records all over would cost its square otherwise.
uint64_t checksum_budget(uint64_t searched_bytes) {
  return 8 * searched_bytes + 4 * uint64_t{kPayloadSizeMax};
}

}  // namespace

void SegmentScanner::attach(io::File& file, uint64_t segment_id) {
  file_ = &file;
  segment_id_ = segment_id;
  forget();
}

void SegmentScanner::forget() {
  buffered_ = 0;
  buffer_offset_ = 0;
  read_size_ = kReadSizeMin;
}

void SegmentScanner::grow(size_t capacity) {
  PageMemory larger(std::bit_ceil(capacity));
  if (buffered_ > 0) std::memcpy(larger.get(), buffer_.get(), buffered_);
  buffer_ = std::move(larger);
}

/// All that is buffered from `offset` on: at least `size` bytes unless the file ends before.
Result<std::string_view> SegmentScanner::bytes_at(uint64_t offset, size_t size) {
  const uint64_t buffer_end = buffer_offset_ + buffered_;
  if (offset >= buffer_offset_ && offset + size <= buffer_end) {
    const size_t at = offset - buffer_offset_;
    return std::string_view(buffer_.get() + at, buffered_ - at);
  }
  if (offset >= buffer_offset_ && offset < buffer_end) {
    const size_t kept = buffer_end - offset;
    std::memmove(buffer_.get(), buffer_.get() + (buffered_ - kept), kept);
    buffered_ = kept;
  } else {
    buffered_ = 0;
  }
  buffer_offset_ = offset;
  const size_t wanted = std::max(size, read_size_);
  if (wanted > buffer_.size()) grow(wanted);
  Result<size_t> got =
      file_->read_at(buffer_.get() + buffered_, wanted - buffered_, offset + buffered_);
  if (!got) {
    forget();
    return std::move(got).error();
  }
  buffered_ += *got;
  read_size_ = std::min(read_size_ * 4, kReadSizeMax);
  return std::string_view(buffer_.get(), buffered_);
}

Result<std::optional<Frame>> SegmentScanner::intact_frame_at(uint64_t offset, uint64_t segment_id) {
  Result<std::string_view> bytes = bytes_at(offset, kRecordHeaderSize);
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() < kRecordHeaderSize) return std::optional<Frame>{};
  const RecordHeader header = decode_record_header(bytes->data());
  if (header.segment_id != segment_id || segment_id == 0) return std::optional<Frame>{};
  if (header.payload_size > kPayloadSizeMax || header.sequence == 0) return std::optional<Frame>{};
  const size_t size = size_t{kRecordHeaderSize} + header.payload_size;
  bytes = bytes_at(offset, size);
  if (!bytes) return std::move(bytes).error();
  if (bytes->size() < size) return std::optional<Frame>{};
  if (!is_record_intact(bytes->data(), header.payload_size, offset)) return std::optional<Frame>{};
  return std::optional<Frame>(Frame{offset, offset + size, header.sequence,
                                    bytes->substr(kRecordHeaderSize, header.payload_size)});
}

bool SegmentScanner::take_buffered(uint64_t offset, Frame& frame) const noexcept {
  const uint64_t at = offset - buffer_offset_;
  if (offset < buffer_offset_ || at >= buffered_) return false;
  const size_t rest = buffered_ - at;
  if (rest < kRecordHeaderSize) return false;
  const char* const bytes = buffer_.get() + at;
  const RecordHeader header = decode_record_header(bytes);
  const bool is_whole = header.payload_size <= rest - kRecordHeaderSize;
  if (header.segment_id != segment_id_ || segment_id_ == 0 || header.sequence == 0 || !is_whole ||
      header.payload_size > kPayloadSizeMax ||
      !is_record_intact(bytes, header.payload_size, offset)) {
    return false;
  }
  const size_t size = size_t{kRecordHeaderSize} + header.payload_size;
  frame = Frame{offset, offset + size, header.sequence,
                std::string_view(bytes + kRecordHeaderSize, header.payload_size)};
  return true;
}

Result<std::optional<Frame>> SegmentScanner::frame_at(uint64_t offset) {
  return intact_frame_at(offset, segment_id_);
}

Result<std::optional<Frame>> SegmentScanner::find_frame(uint64_t from, uint64_t to,
                                                        uint64_t sequence_min) {
  char id[sizeof segment_id_];
  store_le(id, segment_id_);
  uint64_t budget = checksum_budget(to > from ? to - from : 0);
  for (uint64_t at = from; at < to;) {
    Result<std::string_view> bytes = bytes_at(at, kRecordHeaderSize);
    if (!bytes) return std::move(bytes).error();
    if (bytes->size() < kRecordHeaderSize) break;
    const std::string_view ids = bytes->substr(kSegmentIdAt);
    const void* hit = ::memmem(ids.data(), ids.size(), id, sizeof id);
    if (hit == nullptr) {
      at += bytes->size() - kRecordHeaderSize + 1;
      continue;
    }
    at += static_cast<size_t>(static_cast<const char*>(hit) - ids.data());
    if (at >= to) break;
    const RecordHeader header = decode_record_header(static_cast<const char*>(hit) - kSegmentIdAt);
    if (header.sequence >= sequence_min &&
        header.payload_size <= std::min<uint64_t>(budget, kPayloadSizeMax)) {
      Result<std::optional<Frame>> frame = frame_at(at);
      if (!frame || frame->has_value()) return frame;
      budget -= header.payload_size;
    }
    ++at;
  }
  return std::optional<Frame>{};
}

Result<std::optional<uint64_t>> SegmentScanner::find_segment_id(uint64_t sequence_min,
                                                                uint64_t sequence_max) {
  Result<io::FileStatus> status = file_->status();
  if (!status) return std::move(status).error();
  uint64_t budget = checksum_budget(status->size_bytes);
  for (uint64_t at = kSegmentHeaderSize;;) {
    Result<std::string_view> bytes = bytes_at(at, kRecordHeaderSize);
    if (!bytes) return std::move(bytes).error();
    if (bytes->size() < kRecordHeaderSize) return std::optional<uint64_t>{};
    const size_t starts = bytes->size() - kRecordHeaderSize + 1;
    size_t i = 0;
    for (; i < starts; ++i) {
      const uint64_t sequence = load_le<uint64_t>(bytes->data() + i + kSequenceAt);
      if (sequence >= sequence_min && sequence <= sequence_max) break;
    }
    at += i;
    if (i == starts) continue;
    const RecordHeader header = decode_record_header(bytes->data() + i);
    if (header.payload_size <= std::min<uint64_t>(budget, kPayloadSizeMax)) {
      Result<std::optional<Frame>> frame = intact_frame_at(at, header.segment_id);
      if (!frame) return std::move(frame).error();
      if (frame->has_value()) return std::optional<uint64_t>(header.segment_id);
      budget -= header.payload_size;
    }
    ++at;
  }
}

}  // namespace gasoline::journal
