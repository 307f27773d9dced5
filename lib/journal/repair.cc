#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/random.h"
#include "journal/inspect.h"
#include "journal/segment_identity.h"
#include "journal/segment_walk.h"

namespace gasoline::journal {
namespace {

struct Range {
  uint64_t offset;
  uint64_t size;
};

struct Copied {
  uint64_t records = 0;
  std::vector<Range> left_out;
};

/// Copies the records that are intact, and says where the rest stands.
Result<Copied> copy_intact(io::File& from, const SegmentReport& segment, uint64_t from_id,
                           io::File& to, uint64_t to_id) {
  SegmentWalk walk(from, from_id, segment.first_sequence, segment.size_bytes);
  Copied copied;
  if (!segment.is_header_intact) copied.left_out.push_back({0, kSegmentHeaderSize});
  uint64_t end_offset = kSegmentHeaderSize;
  for (;;) {
    Result<std::optional<WalkedFrame>> next = walk.next();
    if (!next) return std::move(next).error();
    if (!next->has_value()) break;
    const WalkedFrame& walked = **next;
    if (walked.damaged_bytes > 0) {
      copied.left_out.push_back(
          {walked.frame.offset - walked.damaged_bytes, walked.damaged_bytes});
    }
    if (Status written = write_frame(to, to_id, walked.frame, end_offset); !written) {
      return std::move(written).error();
    }
    ++copied.records;
  }
  if (segment.size_bytes > walk.end_offset()) {
    copied.left_out.push_back({walk.end_offset(), segment.size_bytes - walk.end_offset()});
  }
  if (Status synced = to.sync_data(); !synced) return std::move(synced).error();
  return copied;
}

/// What is cut off a segment, in a file of its own beside it: for each range a line "SEGMENT OFFSET
/// BYTES", the bytes, and an LF. Removed again unless keep() was called.
class CutOff {
 public:
  CutOff(io::FileSystem& files, const std::string& directory)
      : files_(files), directory_(directory) {}
  CutOff(const CutOff&) = delete;
  CutOff& operator=(const CutOff&) = delete;
  ~CutOff() {
    if (file_ != nullptr && !is_kept_) static_cast<void>(files_.unlink(path()).has_value());
  }

  /// Durable on return, the name as well.
  Status save(const std::string& segment, io::File& from, const std::vector<Range>& ranges) {
    if (Status made = make_file(segment); !made) return made;
    uint64_t at = 0;
    for (const Range& range : ranges) {
      if (Status copied = copy(segment, from, range, at); !copied) return copied;
    }
    if (Status synced = file_->sync_data(); !synced) return synced;
    return files_.sync_directory(directory_);
  }
  void keep() { is_kept_ = true; }
  const std::string& name() const { return name_; }

 private:
  static constexpr int kFilesMax = 1000;
  static constexpr size_t kBlockSize = 256 * 1024;

  std::string path() const { return directory_ + "/" + name_; }

  Status make_file(const std::string& segment) {
    for (int i = 1; i <= kFilesMax; ++i) {
      name_ = segment + std::string(SegmentDirectory::kCutOffInfix) + std::to_string(i);
      Result<std::unique_ptr<io::File>> made =
          files_.open(path(), io::OpenMode::kCreateExclusive);
      if (made) {
        file_ = std::move(*made);
        return {};
      }
      if (made.error().code != EEXIST) return std::move(made).error();
    }
    return Error::of(Error::kTooLarge, "make " + path(), "there are too many such files");
  }

  Status copy(const std::string& segment, io::File& from, Range range, uint64_t& at) {
    std::string block = segment + " " + std::to_string(range.offset) + " ";
    // A range may pass the end of a file that was cut short.
    Result<io::FileStatus> status = from.status();
    if (!status) return std::move(status).error();
    const uint64_t end = std::min(range.offset + range.size, status->size_bytes);
    block += std::to_string(end > range.offset ? end - range.offset : 0) + "\n";
    uint64_t done = range.offset;
    for (;;) {
      if (Status written = file_->write_at(block, at); !written) return written;
      at += block.size();
      if (done >= end) break;
      block.resize(std::min<uint64_t>(kBlockSize, end - done));
      Result<size_t> got = from.read_at(block.data(), block.size(), done);
      if (!got) return std::move(got).error();
      if (*got == 0) break;
      block.resize(*got);
      done += *got;
    }
    if (Status written = file_->write_at("\n", at); !written) return written;
    ++at;
    return {};
  }

  io::FileSystem& files_;
  const std::string& directory_;
  std::string name_;
  std::unique_ptr<io::File> file_;
  bool is_kept_ = false;
};

SegmentHeader new_header(const SegmentReport& segment, JournalId journal_id, uint64_t old_id) {
  // Any id but the old one will do, and the same for the same damage.
  SeededRandom random(old_id ^ segment.first_sequence);
  SegmentHeader header;
  while (header.segment_id == 0 || header.segment_id == old_id) {
    header.segment_id = random.next_u64();
  }
  // What was damaged may have been the header that told it: only the records say how far they go.
  header.flags = kSegmentAppendedAgain;
  header.journal_id = journal_id;
  header.first_sequence = segment.first_sequence;
  header.creation_us = segment.creation_us;
  return header;
}

Result<SegmentRepair> rewrite(io::FileSystem& files, SegmentDirectory& directory,
                              const SegmentReport& segment, JournalId journal_id) {
  const uint64_t first = segment.first_sequence;
  Result<std::unique_ptr<io::File>> file =
      files.open(directory.segment_path(first), io::OpenMode::kRead);
  if (!file) return std::move(file).error();
  Result<std::optional<SegmentIdentity>> identity = identify_segment(**file, first);
  if (!identity) return std::move(identity).error();
  const uint64_t old_id = identity->has_value() ? (*identity)->segment_id : 0;
  const SegmentHeader header = new_header(segment, journal_id, old_id);
  Result<SegmentDirectory::Draft> draft = directory.draft(header, {}, false);
  if (!draft) return std::move(draft).error();
  CutOff cut_off(files, directory.path());
  Result<Copied> copied = copy_intact(**file, segment, old_id, *draft->file, header.segment_id);
  Status done = copied ? cut_off.save(segment.name, **file, copied->left_out)
                       : Status(std::move(copied).error());
  if (done) done = directory.publish(*draft, first);
  if (!done) {
    directory.discard(*draft);
    return std::move(done).error();
  }
  cut_off.keep();
  SegmentRepair repair{segment.name, true, copied->records, 0, cut_off.name()};
  for (const Range& range : copied->left_out) repair.cut_bytes += range.size;
  return repair;
}

Result<SegmentRepair> cut_tail(io::FileSystem& files, const SegmentDirectory& directory,
                               const SegmentReport& segment, uint64_t torn_bytes) {
  Result<std::unique_ptr<io::File>> file =
      files.open(directory.segment_path(segment.first_sequence), io::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  CutOff cut_off(files, directory.path());
  Status done = cut_off.save(segment.name, **file, {{segment.end_offset, torn_bytes}});
  if (done) done = (*file)->truncate(segment.end_offset);
  if (!done) return std::move(done).error();
  cut_off.keep();
  if (Status synced = (*file)->sync_data(); !synced) return std::move(synced).error();
  return SegmentRepair{segment.name, false, 0, torn_bytes, cut_off.name()};
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

Result<RepairReport> repair(io::FileSystem& files, const std::string& directory) {
  // Asked first, since taking the lock makes a directory where there is none.
  if (Result<JournalReport> before = inspect(files, directory); !before) {
    return std::move(before).error();
  }
  SegmentDirectory segments(files, directory);
  if (Status locked = segments.lock(); !locked) return std::move(locked).error();
  Result<JournalReport> found = inspect(files, directory);
  if (!found) return std::move(found).error();
  Result<JournalId> journal_id = find_journal_id(files, segments, *found);
  if (!journal_id) return std::move(journal_id).error();
  RepairReport report;
  for (const SegmentReport& segment : found->segments) {
    const bool is_newest = &segment == &found->segments.back();
    if (segment.damaged_bytes == 0 && !(is_newest && found->torn_tail_bytes > 0)) continue;
    Result<SegmentRepair> repaired =
        segment.damaged_bytes > 0 ? rewrite(files, segments, segment, *journal_id)
                                  : cut_tail(files, segments, segment, found->torn_tail_bytes);
    if (!repaired) return std::move(repaired).error();
    report.repairs.push_back(std::move(*repaired));
  }
  if (Status synced = segments.sync(); !synced) return std::move(synced).error();
  Result<JournalReport> after = inspect(files, directory);
  if (!after) return std::move(after).error();
  report.after = std::move(*after);
  return report;
}

}  // namespace gasoline::journal
