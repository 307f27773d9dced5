#include <algorithm>

#include "journal/segment_identity.h"
#include "journal/segment_walk.h"
#include "journal/writer.h"

namespace gasoline::journal {
namespace {

struct SegmentEnd {
  uint64_t end_sequence;  // one past the last intact record's, or the first if there is none
  uint64_t end_offset;    // behind that record
};

/// The end is behind the last intact record, not before the first damaged one: a power cut may
/// lose a block in the middle of what was not synced, and readers know how to step over it.
Result<SegmentEnd> find_end(io::File& file, uint64_t segment_id, uint64_t first_sequence) {
  Result<io::FileStatus> status = file.status();
  if (!status) return std::move(status).error();
  SegmentWalk walk(file, segment_id, first_sequence, status->size_bytes);
  SegmentEnd end{first_sequence, kSegmentHeaderSize};
  for (;;) {
    Result<std::optional<WalkedFrame>> next = walk.next();
    if (!next) return std::move(next).error();
    if (!next->has_value()) return end;
    end = {(*next)->frame.sequence + 1, (*next)->frame.end_offset};
  }
}

/// True for a segment that begins where the one before ends. One whose records were appended again
/// may begin before that, and where the header is damaged, nobody knows.
Result<bool> is_usual(io::File& file, uint64_t first_sequence) {
  Result<std::optional<SegmentHeader>> header = read_segment_header(file);
  if (!header) return std::move(header).error();
  return header->has_value() && (*header)->first_sequence == first_sequence &&
         ((*header)->flags & kSegmentAppendedAgain) == 0;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::open(io::FileSystem& files, const std::string& directory,
                                             WriterOptions options, const Clock& clock,
                                             Random& random) {
  std::unique_ptr<Writer> writer(new Writer(files, directory, std::move(options), clock, random));
  if (Status locked = writer->directory_.lock(); !locked) return std::move(locked).error();
  if (Status recovered = writer->recover(); !recovered) return std::move(recovered).error();
  return writer;
}

Status Writer::recover() {
  Result<SegmentDirectory::Names> names = directory_.list();
  if (!names) return std::move(names).error();
  names_changed_ = 1;  // who wrote before us may not have synced its names
  if (Status removed = remove_leftovers(*names); !removed) return removed;
  journal_id_ = {random_.next_u64(), random_.next_u64()};
  names_checked_us_ = clock_.monotonic_us();
  if (names->segments.empty()) return start_segment();

  if (Status last = recover_last_segment(names->segments.back()); !last) return last;
  names->segments.pop_back();
  if (Status others = recover_closed_segments(names->segments); !others) return others;
  synced_sequence_ = active_.first_sequence;
  if (!unsynced_.empty()) {
    const auto oldest = closed_.end() - static_cast<ptrdiff_t>(unsynced_.size());
    synced_sequence_ = oldest->first_sequence;
  }
  // With as many unsynced ones as the next recovery looks for, the first append syncs before that.
  if (active_.is_broken && unsynced_.size() < options_.unsynced_segments_max) return start_segment();
  return {};
}

Status Writer::remove_leftovers(const SegmentDirectory::Names& names) {
  Status removed;
  if (names.has_unfinished) removed = files_.unlink(directory_.path() + "/next.tmp");
  for (size_t i = 0; i < names.spares.size() && removed; ++i) {
    if (i < options_.recycled_segments_max) {
      spares_.push_back({names.spares[i], names_changed_});
      continue;
    }
    removed = files_.unlink(directory_.path() + "/spare-" + std::to_string(names.spares[i]));
  }
  return removed;
}

Status Writer::recover_last_segment(uint64_t first_sequence) {
  active_.first_sequence = first_sequence;
  active_.named_at = names_changed_;
  active_.path = directory_.segment_path(first_sequence);
  Result<std::unique_ptr<io::File>> file = files_.open(active_.path, io::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  active_.file = std::move(*file);
  Result<io::FileStatus> status = active_.file->status();
  if (!status) return std::move(status).error();
  Result<std::optional<SegmentIdentity>> identity = identify_segment(*active_.file, first_sequence);
  if (!identity) return std::move(identity).error();
  // Whatever is wrong with the header: keep the records that are found, go on in a new segment.
  active_.is_broken = !identity->has_value() || !(*identity)->is_header_intact;
  next_sequence_ = first_sequence;
  if (!identity->has_value()) return {};
  active_.segment_id = (*identity)->segment_id;
  if (!active_.is_broken) journal_id_ = (*identity)->journal_id;

  Result<SegmentEnd> end = find_end(*active_.file, active_.segment_id, first_sequence);
  if (!end) return std::move(end).error();
  next_sequence_ = end->end_sequence;
  active_.end_offset = end->end_offset;
  active_.file_size_bytes = status->size_bytes;
  if (active_.file_size_bytes > active_.end_offset) {
    if (!active_.file->truncate(active_.end_offset)) active_.is_broken = true;
    active_.file_size_bytes = active_.end_offset;
  }
  return {};
}

Result<bool> Writer::is_usual_segment(uint64_t first_sequence) const {
  Result<std::unique_ptr<io::File>> file =
      files_.open(directory_.segment_path(first_sequence), io::OpenMode::kRead);
  if (!file) return std::move(file).error();
  return is_usual(**file, first_sequence);
}

Status Writer::recover_closed_segments(const std::vector<uint64_t>& segments) {
  for (size_t i = 0; i < segments.size(); ++i) {
    const uint64_t first = segments[i];
    const bool is_last = i + 1 == segments.size();
    Closed closed{first, is_last ? active_.first_sequence : segments[i + 1], 0};
    Result<std::unique_ptr<io::File>> file =
        files_.open(directory_.segment_path(first), io::OpenMode::kRead);
    if (!file) return std::move(file).error();
    Result<io::FileStatus> status = (*file)->status();
    if (!status) return std::move(status).error();
    closed.size_bytes = status->size_bytes;
    Result<std::optional<SegmentHeader>> header = read_segment_header(**file);
    if (!header) return std::move(header).error();
    const bool is_intact = header->has_value() && (*header)->first_sequence == first;
    Result<bool> is_next_usual = is_last ? is_usual(*active_.file, active_.first_sequence)
                                         : is_usual_segment(segments[i + 1]);
    if (!is_next_usual) return std::move(is_next_usual).error();
    if (!is_intact || ((*header)->flags & kSegmentAppendedAgain) != 0 || !*is_next_usual) {
      // It may hold more than what lies before the next name; its own last record tells.
      Result<std::optional<SegmentIdentity>> identity = identify_segment(**file, first);
      if (!identity) return std::move(identity).error();
      if (identity->has_value()) {
        Result<SegmentEnd> end = find_end(**file, (*identity)->segment_id, first);
        if (!end) return std::move(end).error();
        closed.end_sequence = std::max(closed.end_sequence, end->end_sequence);
      }
    }
    closed_.push_back(closed);
    if (closed.end_sequence > next_sequence()) {
      next_sequence_ = closed.end_sequence;
      active_.is_broken = true;
    }
    const bool may_be_unsynced = i + options_.unsynced_segments_max >= segments.size();
    if (may_be_unsynced && is_intact && options_.sync != SyncPolicy::kNever) {
      unsynced_.push_back(
          {std::move(*file), (*header)->segment_id, closed.end_sequence, closed.size_bytes});
    } else {
      unsynced_.clear();
    }
  }
  return {};
}

}  // namespace gasoline::journal
