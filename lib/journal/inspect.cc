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

Status inspect_segment(JournalReport& report, io::FileSystem& files, const std::string& directory,
                       uint64_t first_sequence, bool is_newest) {
  SegmentReport segment;
  segment.name = segment_file_name(first_sequence);
  segment.first_sequence = segment.end_sequence = first_sequence;
  segment.end_offset = kSegmentHeaderSize;
  Result<std::unique_ptr<io::File>> file =
      files.open(directory + "/" + segment.name, io::OpenMode::kRead);
  if (!file) {
    if (file.error().code == ENOENT) return {};  // released meanwhile
    return std::move(file).error();
  }
  Result<io::FileStatus> status = (*file)->status();
  if (!status) return std::move(status).error();
  Result<std::optional<SegmentHeader>> header = read_segment_header(**file);
  if (!header) return std::move(header).error();
  Result<std::optional<SegmentIdentity>> identity = identify_segment(**file, first_sequence);
  if (!identity) return std::move(identity).error();

  segment.size_bytes = status->size_bytes;
  segment.is_header_intact = identity->has_value() && (*identity)->is_header_intact;
  if (segment.is_header_intact && header->has_value()) segment.creation_us = (*header)->creation_us;
  note_before(report, segment, 0, segment.is_header_intact ? 0 : kSegmentHeaderSize,
              first_sequence);
  const uint64_t segment_id = identity->has_value() ? (*identity)->segment_id : 0;
  if (Status read = inspect_records(report, segment, **file, segment_id); !read) return read;
  if (is_newest && segment.size_bytes > segment.end_offset && segment_id != 0) {
    Result<uint64_t> torn = torn_bytes(**file, segment, segment_id);
    if (!torn) return std::move(torn).error();
    report.torn_tail_bytes = *torn;
  }
  report.size_bytes += segment.size_bytes;
  report.segments.push_back(std::move(segment));
  return {};
}

}  // namespace

Result<JournalReport> inspect(io::FileSystem& files, const std::string& directory) {
  const SegmentDirectory segments(files, directory);
  Result<SegmentDirectory::Names> names = segments.list();
  if (!names) return std::move(names).error();
  if (names->segments.empty()) {
    return Error::of(Error::kInvalid, "read journal " + directory, "it holds no segment");
  }
  JournalReport report;
  report.first_sequence = report.next_sequence = names->segments.front();
  for (const uint64_t first : names->segments) {
    // What the segment before should have held up to here, and does not, counts as its damage.
    if (first > report.next_sequence && !report.segments.empty()) {
      SegmentReport& before = report.segments.back();
      const uint64_t rest = before.size_bytes - std::min(before.size_bytes, before.end_offset);
      note_before(report, before, before.end_offset, rest, first);
    }
    const bool is_newest = first == names->segments.back();
    Status read = inspect_segment(report, files, directory, first, is_newest);
    if (!read) return std::move(read).error();
  }
  for (const uint32_t number : names->spares) {
    Result<io::FileStatus> spare = files.status(directory + "/spare-" + std::to_string(number));
    if (spare) report.spare_bytes += spare->size_bytes;
  }
  return report;
}

}  // namespace gasoline::journal
