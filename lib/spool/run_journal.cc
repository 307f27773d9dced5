#include "spool/run_journal.h"

#include <algorithm>
#include <variant>
#include <vector>

#include "journal/reader.h"
#include "spool/spool_directory.h"

namespace gasoline::spool {
namespace {

void pass(const RingLane& lane, const SpoolRecord& record, uint64_t sequence) {
  StreamRing::Progress progress = lane.ring->progress();
  if (sequence < progress.next_record) return;
  progress.next_record = sequence + 1;
  progress.next_seq = record.end_seq();
  const uint64_t end = record.stream_offset + record.bytes.size();
  const bool is_of_ring = record.kind == RecordKind::kLines || record.kind == RecordKind::kPiece;
  if (!is_of_ring || record.stream_offset != progress.tail || end > lane.ring->head()) return;
  if ((record.flags & kPartial) != 0) {
    progress.partial_seq = record.first_seq;
    progress.partial_size_bytes = record.bytes.size();
  } else {
    const bool ends_line = record.kind == RecordKind::kLines || (record.flags & kEndsLine) != 0;
    progress.tail = end;
    progress.is_inside_line = ends_line ? 0 : 1;
    progress.partial_seq = progress.partial_size_bytes = 0;
    if (ends_line) progress.next_line += record.count;
  }
  lane.ring->advance(progress);
}

Status take_in(io::FileSystem& files, RunJournal& journal, std::span<const RingLane> lanes) {
  const uint64_t end = journal.writer->next_sequence();
  uint64_t from = end;
  for (const RingLane& lane : lanes) {
    from = std::min(from, lane.ring->progress().next_record);
    journal.next_seq = std::max(journal.next_seq, lane.ring->progress().next_seq);
  }
  auto reader = journal::Reader::open(files, journal.directory, from);
  if (!reader) return reader.error();
  SpoolRecord record;
  std::vector<EventTimes> times;
  while (reader.value()->next_sequence() < end) {
    const journal::ReadResult result = reader.value()->read_next();
    if (const auto* error = std::get_if<Error>(&result)) return *error;
    if (std::holds_alternative<journal::EndOfLog>(result)) break;
    const auto* read = std::get_if<journal::Record>(&result);
    if (read == nullptr || !parse_record(read->payload, record, times)) continue;
    journal.next_seq = std::max(journal.next_seq, record.end_seq());
    for (const RingLane& lane : lanes) {
      if (lane.stream == record.stream) pass(lane, record, read->sequence);
    }
  }
  return {};
}

}  // namespace

Result<RunJournal> open_run_journal(io::FileSystem& files, const RingRun& run,
                                    std::span<const RingLane> lanes, const Clock& clock,
                                    Random& random) {
  const auto path_in = [&run](const std::string& place) { return place + "/" + run.run.run_id; };
  std::vector<std::string> places = run.spool_directories;
  std::stable_partition(places.begin(), places.end(), [&](const std::string& place) {
    return files.status(path_in(place)).has_value();
  });
  Status opened;
  for (const std::string& place : places) {
    auto writer = journal::Writer::open(files, path_in(place), {}, clock, random);
    opened = writer ? Status() : Status(writer.error());
    if (!opened && opened.error().code == Error::kLocked) return opened.error();
    if (!opened) continue;
    RunJournal journal{path_in(place), std::move(*writer), 1};
    if (!read_run_description(files, journal.directory)) {
      const Status written = write_run_description(files, journal.directory, run.run);
      if (!written) return written.error();
    }
    if (Status read = take_in(files, journal, lanes); !read) return read.error();
    return journal;
  }
  return opened.error();
}

}  // namespace gasoline::spool
