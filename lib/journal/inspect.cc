#include "journal/inspect.h"

#include <algorithm>
#include <cerrno>

#include "journal/segment_identity.h"
#include "journal/segment_walk.h"

namespace gasoline::journal {
namespace {

void note(JournalReport& report, const Corruption& corruption) {
  report.damaged_bytes += corruption.bytes;
  report.missing_records += corruption.end_missing - corruption.first_missing;
  if (report.corruptions.size() < JournalReport::kCorruptionsMax) {
    report.corruptions.push_back(corruption);
  }
}

/// Notes damage of `bytes` at `offset` and that the next intact record is `next`.
void note_before(JournalReport& report, SegmentReport& segment, uint64_t offset, uint64_t bytes,
                 uint64_t next) {
  segment.damaged_bytes += bytes;
  const uint64_t first_missing = report.next_sequence;
  const uint64_t end_missing = std::max(next, first_missing);
  if (bytes > 0 || end_missing > first_missing) {
    note(report, {segment.name, offset, bytes, first_missing, end_missing, false});
  }
  report.next_sequence = end_missing;
}

void count(JournalReport& report, SegmentReport& segment, const Frame& frame) {
  ++segment.records;
  segment.payload_bytes += frame.payload.size();
  segment.end_sequence = frame.sequence + 1;
  if (frame.sequence < report.next_sequence) return;  // appended again elsewhere
  ++report.records;
  report.payload_bytes += frame.payload.size();
  report.next_sequence = frame.sequence + 1;
}

Status inspect_records(JournalReport& report, SegmentReport& segment, io::File& file,
                       uint64_t segment_id) {
  SegmentWalk walk(file, segment_id, segment.first_sequence, segment.size_bytes);
  for (;;) {
    const uint64_t offset = walk.end_offset();
    Result<std::optional<WalkedFrame>> next = walk.next();
    if (!next) return std::move(next).error();
    segment.end_offset = walk.end_offset();
    if (!next->has_value()) return {};
    const WalkedFrame& walked = **next;
    note_before(report, segment, offset, walked.damaged_bytes, walked.frame.sequence);
    count(report, segment, walked.frame);
  }
}

/// Bytes of a torn record behind the end: what bears this segment's id. Anything else there is what
/// a recycled file held before.
Result<uint64_t> torn_bytes(io::File& file, const SegmentReport& segment, uint64_t segment_id) {
  char bytes[kRecordHeaderSize];
  Result<size_t> got = file.read_at(bytes, sizeof bytes, segment.end_offset);
  if (!got) return std::move(got).error();
  if (*got == 0) return uint64_t{0};
  if (*got < sizeof bytes) return uint64_t{*got};
  const RecordHeader header = decode_record_header(bytes);
  if (header.segment_id != segment_id) return uint64_t{0};
  const uint64_t claimed = uint64_t{kRecordHeaderSize} + header.payload_size;
  return std::min(claimed, segment.size_bytes - segment.end_offset);
}

/// Inspects the segment; nullopt if it was released meanwhile. The result tells of this segment
/// alone, with the sequences that follow `next_sequence`.
Result<std::optional<JournalReport>> inspect_segment(io::FileSystem& files, const std::string& path,
                                                     SegmentReport segment, uint64_t next_sequence,
                                                     bool is_newest) {
  JournalReport report;
  report.next_sequence = next_sequence;
  Result<std::unique_ptr<io::File>> file = files.open(path, io::OpenMode::kRead);
  if (!file) {
    if (file.error().code == ENOENT) return std::optional<JournalReport>{};
    return std::move(file).error();
  }
  Result<io::FileStatus> status = (*file)->status();
  if (!status) return std::move(status).error();
  Result<std::optional<SegmentHeader>> header = read_segment_header(**file);
  if (!header) return std::move(header).error();
  Result<std::optional<SegmentIdentity>> identity =
      identify_segment(**file, segment.first_sequence);
  if (!identity) return std::move(identity).error();

  segment.size_bytes = report.size_bytes = status->size_bytes;
  segment.is_header_intact = identity->has_value() && (*identity)->is_header_intact;
  if (segment.is_header_intact && header->has_value()) segment.creation_us = (*header)->creation_us;
  note_before(report, segment, 0, segment.is_header_intact ? 0 : kSegmentHeaderSize,
              segment.first_sequence);
  const uint64_t segment_id = identity->has_value() ? (*identity)->segment_id : 0;
  if (Status read = inspect_records(report, segment, **file, segment_id); !read) {
    return std::move(read).error();
  }
  if (is_newest && segment.size_bytes > segment.end_offset && segment_id != 0) {
    Result<uint64_t> torn = torn_bytes(**file, segment, segment_id);
    if (!torn) return std::move(torn).error();
    report.torn_tail_bytes = *torn;
  }
  // A file that lost its name may have been written over while it was read.
  Result<io::FileStatus> named = files.status(path);
  if (!named && named.error().code != ENOENT) return std::move(named).error();
  if (!named || named->inode != status->inode) return std::optional<JournalReport>{};
  report.segments.push_back(std::move(segment));
  return std::optional<JournalReport>(std::move(report));
}

void add(JournalReport& report, JournalReport&& part) {
  report.records += part.records;
  report.payload_bytes += part.payload_bytes;
  report.size_bytes += part.size_bytes;
  report.next_sequence = part.next_sequence;
  report.torn_tail_bytes += part.torn_tail_bytes;
  report.damaged_bytes += part.damaged_bytes;
  report.missing_records += part.missing_records;
  for (Corruption& corruption : part.corruptions) {
    if (report.corruptions.size() == JournalReport::kCorruptionsMax) break;
    report.corruptions.push_back(std::move(corruption));
  }
  report.segments.push_back(std::move(part.segments.back()));
}

/// A listing that runs while names are made may lack one before those that it has; the next one may
/// not.
Result<SegmentDirectory::Names> list_steadily(const SegmentDirectory& directory) {
  constexpr int kListingsMax = 16;
  Result<SegmentDirectory::Names> before = directory.list();
  for (int i = 0; i < kListingsMax && before && !before->segments.empty(); ++i) {
    Result<SegmentDirectory::Names> now = directory.list();
    if (!now) return now;
    const uint64_t newest = before->segments.back();
    std::erase_if(now->segments, [newest](uint64_t first) { return first > newest; });
    if (!now->segments.empty()) return now;
    before = directory.list();
  }
  return before;
}

}  // namespace

Result<JournalReport> inspect(io::FileSystem& files, const std::string& directory) {
  const SegmentDirectory segments(files, directory);
  Result<SegmentDirectory::Names> names = list_steadily(segments);
  if (!names) return std::move(names).error();
  if (names->segments.empty()) {
    return Error::of(Error::kInvalid, "read journal " + directory, "it holds no segment");
  }
  JournalReport report;
  report.first_sequence = report.next_sequence = names->segments.front();
  bool is_after_released = true;
  for (const uint64_t first : names->segments) {
    if (is_after_released) report.next_sequence = std::max(report.next_sequence, first);
    // What the segment before should have held up to here, and does not, counts as its damage.
    if (first > report.next_sequence) {
      SegmentReport& before = report.segments.back();
      const uint64_t rest = before.size_bytes - std::min(before.size_bytes, before.end_offset);
      note_before(report, before, before.end_offset, rest, first);
    }
    SegmentReport segment;
    segment.name = segment_file_name(first);
    segment.first_sequence = segment.end_sequence = first;
    segment.end_offset = kSegmentHeaderSize;
    Result<std::optional<JournalReport>> part =
        inspect_segment(files, segments.segment_path(first), std::move(segment),
                        report.next_sequence, first == names->segments.back());
    if (!part) return std::move(part).error();
    is_after_released = !part->has_value();
    if (part->has_value()) add(report, std::move(**part));
  }
  for (const uint32_t number : names->spares) {
    Result<io::FileStatus> spare = files.status(directory + "/spare-" + std::to_string(number));
    if (spare) report.spare_bytes += spare->size_bytes;
  }
  return report;
}

}  // namespace gasoline::journal
