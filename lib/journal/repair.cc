#include <cerrno>

#include "base/random.h"
#include "journal/inspect.h"
#include "journal/segment_identity.h"
#include "journal/segment_walk.h"

namespace gasoline::journal {
namespace {

Status copy_intact(io::File& from, uint64_t from_id, uint64_t first_sequence, io::File& to,
                   uint64_t to_id) {
  Result<io::FileStatus> status = from.status();
  if (!status) return std::move(status).error();
  SegmentWalk walk(from, from_id, first_sequence, status->size_bytes);
  uint64_t end_offset = kSegmentHeaderSize;
  for (;;) {
    Result<std::optional<WalkedFrame>> next = walk.next();
    if (!next) return std::move(next).error();
    if (!next->has_value()) break;
    if (Status written = write_frame(to, to_id, (*next)->frame, end_offset); !written) {
      return written;
    }
  }
  return to.sync_data();
}

Status rewrite(io::FileSystem& files, SegmentDirectory& directory, const SegmentReport& segment,
               JournalId journal_id) {
  const uint64_t first = segment.first_sequence;
  Result<std::unique_ptr<io::File>> file =
      files.open(directory.segment_path(first), io::OpenMode::kRead);
  if (!file) return std::move(file).error();
  Result<std::optional<SegmentIdentity>> identity = identify_segment(**file, first);
  if (!identity) return std::move(identity).error();
  const uint64_t old_id = identity->has_value() ? (*identity)->segment_id : 0;
  // Any id but the old one will do, and the same for the same damage.
  SeededRandom random(old_id ^ first);
  SegmentHeader header;
  while (header.segment_id == 0 || header.segment_id == old_id) {
    header.segment_id = random.next_u64();
  }
  // What was damaged may have been the header that told it: only the records say how far they go.
  header.flags = kSegmentAppendedAgain;
  header.journal_id = journal_id;
  header.first_sequence = first;
  header.creation_us = segment.creation_us;
  Result<SegmentDirectory::Draft> draft = directory.draft(header, std::nullopt, false);
  if (!draft) return std::move(draft).error();
  Status done = copy_intact(**file, old_id, first, *draft->file, header.segment_id);
  if (done) done = directory.publish(*draft, first);
  if (!done) directory.discard(*draft);
  return done;
}

Status cut_tail(io::FileSystem& files, const SegmentDirectory& directory,
                const SegmentReport& segment) {
  Result<std::unique_ptr<io::File>> file =
      files.open(directory.segment_path(segment.first_sequence), io::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  if (Status cut = (*file)->truncate(segment.end_offset); !cut) return cut;
  return (*file)->sync_data();
}

Result<JournalId> find_journal_id(io::FileSystem& files, const SegmentDirectory& directory,
                                  const JournalReport& report) {
  for (const SegmentReport& segment : report.segments) {
    Result<std::unique_ptr<io::File>> file =
        files.open(directory.segment_path(segment.first_sequence), io::OpenMode::kRead);
    if (!file) return std::move(file).error();
    Result<std::optional<SegmentHeader>> header = read_segment_header(**file);
    if (!header) return std::move(header).error();
    if (header->has_value()) return (*header)->journal_id;
  }
  return JournalId{};
}

}  // namespace

Result<JournalReport> repair(io::FileSystem& files, const std::string& directory) {
  if (Result<JournalReport> before = inspect(files, directory); !before) return before;
  SegmentDirectory segments(files, directory);
  if (Status locked = segments.lock(); !locked) return std::move(locked).error();
  Result<JournalReport> found = inspect(files, directory);
  if (!found) return found;
  Result<JournalId> journal_id = find_journal_id(files, segments, *found);
  if (!journal_id) return std::move(journal_id).error();
  for (const SegmentReport& segment : found->segments) {
    Status repaired;
    if (segment.damaged_bytes > 0) {
      repaired = rewrite(files, segments, segment, *journal_id);
    } else if (segment.size_bytes > segment.end_offset) {
      repaired = cut_tail(files, segments, segment);
    }
    if (!repaired) return std::move(repaired).error();
  }
  if (Status synced = segments.sync(); !synced) return std::move(synced).error();
  return inspect(files, directory);
}

}  // namespace gasoline::journal
