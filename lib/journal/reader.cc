#include "journal/reader.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "journal/segment_identity.h"

namespace gasoline::journal {
namespace {

/// Names can change between a listing and an open; each time round something else has happened in
/// between, so a bound is only needed against a directory that lies.
constexpr int kStepsMax = 64;

/// At the end of a live segment every call looks this far ahead for a record behind a damaged one,
/// and at every power of two of calls through the whole file, which costs little per call.
constexpr uint64_t kLookAheadBytes = SegmentScanner::kReadSizeMin - kRecordHeaderSize;
constexpr uint64_t kFullSearchPollsMin = 1024;

bool is_absent(const Error& error) {
  return error.code == ENOENT || error.code == ENOTDIR;
}

}  // namespace

Result<std::unique_ptr<Reader>> Reader::open(io::FileSystem& files, const std::string& directory,
                                             uint64_t from_sequence) {
  std::unique_ptr<Reader> reader(
      new Reader(files, directory, std::max<uint64_t>(from_sequence, 1)));
  Result<SegmentDirectory::Names> names = reader->directory_.list();
  if (!names) return std::move(names).error();
  return reader;
}

ReadResult Reader::read_next() {
  // Nearly every call ends here: the next record stands behind the last one.
  Frame frame;
  if (file_ != nullptr && is_identified_ && is_header_reported_ &&
      scanner_.take_buffered(offset_, frame) &&
      frame.sequence == next_sequence_ && frame.sequence > segment_last_) {
    offset_ = frame.end_offset;
    segment_last_ = frame.sequence;
    end_polls_ = 0;
    ++next_sequence_;
    return Record{frame.sequence, frame.payload};
  }
  for (int i = 0; i < kStepsMax;) {
    const std::pair before(segment_first_, offset_);
    std::optional<ReadResult> result = step();
    if (result) return std::move(*result);
    if (std::pair(segment_first_, offset_) <= before) ++i;
  }
  return EndOfLog{};
}

/// nullopt: something has changed, take another step.
std::optional<ReadResult> Reader::step() {
  if (file_ == nullptr) return find_segment();
  if (!is_header_reported_) {
    is_header_reported_ = true;
    return missing_until(next_sequence_, 0, kSegmentHeaderSize);
  }
  if (is_identified_) {
    Result<std::optional<Frame>> frame = scanner_.frame_at(offset_);
    if (!frame) return std::move(frame).error();
    if (frame->has_value() && (*frame)->sequence > segment_last_) return deliver(**frame);
  }
  return beyond_intact();
}

std::optional<ReadResult> Reader::deliver(const Frame& frame) {
  if (frame.sequence > next_sequence_) {
    const Corruption gap = missing_until(frame.sequence, offset_, 0);
    next_sequence_ = frame.sequence;
    return gap;
  }
  offset_ = frame.end_offset;
  segment_last_ = frame.sequence;
  end_polls_ = 0;
  if (frame.sequence < next_sequence_) return std::nullopt;  // given before from another segment
  next_sequence_ = frame.sequence + 1;
  return Record{frame.sequence, frame.payload};
}

/// No intact record at offset_, as far as was read.
std::optional<ReadResult> Reader::beyond_intact() {
  // The names first: once a successor is seen, the writer is done with this segment, and what a
  // fresh look then finds is all that there will ever be.
  Result<Successor> around = look_around();
  if (!around) return std::move(around).error();
  scanner_.forget();
  if (is_identified_) {
    Result<std::optional<Frame>> frame = scanner_.frame_at(offset_);
    if (!frame) return std::move(frame).error();
    if (frame->has_value() && (*frame)->sequence > segment_last_) return deliver(**frame);
  }
  if (around->is_name_taken) return leave_for(segment_first_, false, 0);
  if (!around->is_current_there) {
    file_ = nullptr;
    return find_segment();
  }
  if (around->first_sequence) return end_of_closed_segment(*around->first_sequence);
  return end_of_live_segment();
}

std::optional<ReadResult> Reader::end_of_live_segment() {
  if (!is_identified_) {
    std::optional<ReadResult> entered = leave_for(segment_first_, false, 0);
    if (entered || is_identified_ || file_ == nullptr) return entered;
    return EndOfLog{};
  }
  ++end_polls_;
  const bool is_full_search =
      !has_reached_end_ || (end_polls_ >= kFullSearchPollsMin && std::has_single_bit(end_polls_));
  Result<io::FileStatus> status = file_->status();
  if (!status) return std::move(status).error();
  const uint64_t to =
      is_full_search ? status->size_bytes : std::min(status->size_bytes, offset_ + kLookAheadBytes);
  Result<std::optional<Frame>> later = scanner_.find_frame(offset_ + 1, to, segment_last_ + 1);
  if (!later) return std::move(later).error();
  if (!later->has_value()) {
    has_reached_end_ = true;
    return EndOfLog{};
  }
  // Seen in two reads: what stands before the later record may have been written between them.
  const Frame found = **later;
  scanner_.forget();
  Result<std::optional<Frame>> again = scanner_.frame_at(offset_);
  if (!again) return std::move(again).error();
  if (again->has_value() && (*again)->sequence > segment_last_) return deliver(**again);
  return skip_to(found);
}

std::optional<ReadResult> Reader::end_of_closed_segment(uint64_t successor) {
  Result<io::FileStatus> status = file_->status();
  if (!status) return std::move(status).error();
  if (successor > next_sequence_ && is_identified_) {
    Result<std::optional<Frame>> later =
        scanner_.find_frame(offset_ + 1, status->size_bytes, segment_last_ + 1);
    if (!later) return std::move(later).error();
    if (later->has_value()) return skip_to(**later);
  }
  const uint64_t rest = status->size_bytes > offset_ ? status->size_bytes - offset_ : 0;
  return leave_for(successor, false, rest);
}

/// The records from next_sequence_ to `frame` are damaged.
ReadResult Reader::skip_to(const Frame& frame) {
  const Corruption damage =
      missing_until(std::max(frame.sequence, next_sequence_), offset_, frame.offset - offset_);
  offset_ = frame.offset;
  next_sequence_ = damage.end_missing;
  end_polls_ = 0;
  return damage;
}

/// Enters the segment that holds next_sequence_, or the oldest one after it.
std::optional<ReadResult> Reader::find_segment() {
  // Only the second listing is sure to hold every segment older than one seen in the first.
  std::optional<uint64_t> found;
  for (int i = 0; i < 2; ++i) {
    Result<SegmentDirectory::Names> names = directory_.list();
    if (!names) return std::move(names).error();
    if (names->segments.empty()) return EndOfLog{};
    const auto above =
        std::upper_bound(names->segments.begin(), names->segments.end(), next_sequence_);
    found = above == names->segments.begin() ? *above : *std::prev(above);
  }
  if (!is_positioned_ && *found > next_sequence_) next_sequence_ = *found;
  segment_first_ = *found;
  return leave_for(*found, true, 0);
}

/// Goes on in another segment, and reports what lies between.
std::optional<ReadResult> Reader::leave_for(uint64_t first_sequence, bool is_released,
                                            uint64_t bytes) {
  std::optional<ReadResult> report;
  if (first_sequence > next_sequence_) {
    Corruption gap = missing_until(first_sequence, offset_, bytes);
    gap.is_released = is_released;
    report = std::move(gap);
  }
  if (Status entered = enter(first_sequence); !entered) {
    if (!is_absent(entered.error())) return std::move(entered).error();
    file_ = nullptr;  // released meanwhile
    return std::nullopt;
  }
  next_sequence_ = std::max(next_sequence_, first_sequence);
  return report;
}

Status Reader::enter(uint64_t first_sequence) {
  const std::string path = directory_.segment_path(first_sequence);
  Result<std::unique_ptr<io::File>> file = files_.open(path, io::OpenMode::kRead);
  if (!file) return std::move(file).error();
  Result<std::optional<SegmentIdentity>> identity = identify_segment(**file, first_sequence);
  if (!identity) return std::move(identity).error();
  if (!identity->has_value() || !(*identity)->is_header_intact) {
    // Either the header is damaged, or the file was recycled between open and read.
    Result<io::FileStatus> held = (*file)->status();
    Result<io::FileStatus> named = files_.status(path);
    if (!held) return std::move(held).error();
    if (!named) return std::move(named).error();
    if (held->inode != named->inode) return Error::from_errno(ENOENT, "open " + path);
  }
  file_ = std::move(*file);
  is_identified_ = identity->has_value();
  is_header_reported_ = !is_identified_ || (*identity)->is_header_intact;
  scanner_.attach(*file_, is_identified_ ? (*identity)->segment_id : 0);
  segment_first_ = first_sequence;
  segment_last_ = first_sequence - 1;
  offset_ = kSegmentHeaderSize;
  end_polls_ = 0;
  is_positioned_ = true;
  return {};
}

Result<Reader::Successor> Reader::look_around() {
  Successor around;
  Result<io::FileStatus> held = file_->status();
  if (!held) return std::move(held).error();
  for (int i = 0; i < 2; ++i) {
    Result<SegmentDirectory::Names> names = directory_.list();
    if (!names) return std::move(names).error();
    Result<io::FileStatus> named = files_.status(directory_.segment_path(segment_first_));
    if (!named && !is_absent(named.error())) return std::move(named).error();
    around.is_current_there = named && named->inode == held->inode;
    around.is_name_taken = named && named->inode != held->inode;
    const auto above =
        std::upper_bound(names->segments.begin(), names->segments.end(), segment_first_);
    around.first_sequence.reset();
    if (above != names->segments.end()) around.first_sequence = *above;
    // A listing that ran while names were made may lack one before those it has; the next may not.
    if (!around.first_sequence || *around.first_sequence <= next_sequence_) break;
  }
  return around;
}

Corruption Reader::missing_until(uint64_t end_sequence, uint64_t offset, uint64_t bytes) const {
  return {segment_file_name(segment_first_), offset, bytes, next_sequence_, end_sequence, false};
}

}  // namespace gasoline::journal
