#include "spool/ring_recovery.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <vector>

#include "journal/reader.h"
#include "journal/writer.h"
#include "spool/ring_directory.h"
#include "spool/spool_directory.h"
#include "spool/stream_framer.h"
#include "spool/stream_ring.h"

namespace gasoline::spool {
namespace {

struct Lane {
  Stream stream;
  StreamRing ring;
};

/// One run on its way from its rings into its journal.
class Recovered {
 public:
  Recovered(io::FileSystem& files, const RingDirectory& rings) : files_(files), rings_(rings) {}

  Status open_rings(const Clock& clock);
  Status open_journal(const Clock& clock, Random& random);
  Status take_in_journal();
  Result<uint64_t> append_rest(const Clock& clock);

 private:
  void pass(Lane& lane, const SpoolRecord& record, uint64_t sequence);
  Result<uint64_t> append_lane(Lane& lane, const Clock& clock);

  io::FileSystem& files_;
  const RingDirectory& rings_;
  std::deque<Lane> lanes_;
  std::string directory_;
  std::unique_ptr<journal::Writer> journal_;
  uint64_t next_seq_ = 1;
  std::string head_;
};

Status Recovered::open_rings(const Clock& clock) {
  for (const Stream stream : {Stream::kStdout, Stream::kStderr}) {
    const std::string path = rings_.ring_path(stream);
    if (auto there = files_.status(path); !there && there.error().code == ENOENT) continue;
    auto ring = StreamRing::open(path);
    if (!ring && ring.error().code == ENODATA) continue;
    if (!ring) return ring.error();
    lanes_.push_back({stream, std::move(*ring)});
    lanes_.back().ring.recover(std::nullopt, clock.wall_us());
  }
  return {};
}

/// The journal that the run began, or where it would have begun one.
Status Recovered::open_journal(const Clock& clock, Random& random) {
  const RingRun& run = rings_.ring_run();
  const auto path_in = [&run](const std::string& place) { return place + "/" + run.run.run_id; };
  std::vector<std::string> places = run.spool_directories;
  std::stable_partition(places.begin(), places.end(), [&](const std::string& place) {
    return files_.status(path_in(place)).has_value();
  });
  Status opened;
  for (const std::string& place : places) {
    auto writer = journal::Writer::open(files_, path_in(place), {}, clock, random);
    opened = writer ? Status() : Status(writer.error());
    if (!opened && opened.error().code == Error::kLocked) return opened;
    if (!opened) continue;
    directory_ = path_in(place);
    journal_ = std::move(*writer);
    if (read_run_description(files_, directory_)) return {};
    return write_run_description(files_, directory_, run.run);
  }
  return opened;
}

/// Between a record's append and the ring's word of it the wrapper may have died: what the journal
/// has is not appended again.
Status Recovered::take_in_journal() {
  uint64_t from = journal_->next_sequence();
  for (Lane& lane : lanes_) {
    from = std::min(from, lane.ring.progress().next_record);
    next_seq_ = std::max(next_seq_, lane.ring.progress().next_seq);
  }
  auto reader = journal::Reader::open(files_, directory_, from);
  if (!reader) return reader.error();
  SpoolRecord record;
  std::vector<EventTimes> times;
  while (reader.value()->next_sequence() < journal_->next_sequence()) {
    const journal::ReadResult result = reader.value()->read_next();
    if (const auto* error = std::get_if<Error>(&result)) return *error;
    if (std::holds_alternative<journal::EndOfLog>(result)) break;
    const auto* read = std::get_if<journal::Record>(&result);
    if (read == nullptr || !parse_record(read->payload, record, times)) continue;
    next_seq_ = std::max(next_seq_, record.end_seq());
    for (Lane& lane : lanes_) {
      if (lane.stream == record.stream) pass(lane, record, read->sequence);
    }
  }
  return {};
}

void Recovered::pass(Lane& lane, const SpoolRecord& record, uint64_t sequence) {
  StreamRing::Progress progress = lane.ring.progress();
  if (sequence < progress.next_record) return;
  progress.next_record = sequence + 1;
  progress.next_seq = record.end_seq();
  const uint64_t end = record.stream_offset + record.bytes.size();
  const bool is_of_ring = record.kind == RecordKind::kLines || record.kind == RecordKind::kPiece;
  if (!is_of_ring || record.stream_offset != progress.tail || end > lane.ring.head()) return;
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
  lane.ring.advance(progress);
}

Result<uint64_t> Recovered::append_rest(const Clock& clock) {
  uint64_t events = 0;
  for (Lane& lane : lanes_) {
    auto appended = append_lane(lane, clock);
    if (!appended) return appended;
    events += *appended;
  }
  if (Status synced = journal_->sync(); !synced) return synced.error();
  return events;
}

Result<uint64_t> Recovered::append_lane(Lane& lane, const Clock& clock) {
  uint64_t events = 0;
  StreamFramer framer(lane.stream, lane.ring, rings_.ring_run().line_size_bytes_max);
  const Horizon horizon{lane.ring.head(), true};
  while (const FramedRecord* framed = framer.next(next_seq_, clock.monotonic_us(), horizon)) {
    head_.clear();
    append_head(head_, framed->record, framed->times);
    const std::array<std::string_view, 2> parts{head_, framed->record.bytes};
    const auto sequence = journal_->append(parts);
    if (!sequence) return sequence.error();
    events += framed->record.count;
    next_seq_ = framed->record.end_seq();
    framer.accept(*sequence + 1);
  }
  return events;
}

}  // namespace

RingRecovery::RingRecovery(io::FileSystem& files, const Clock& clock, Random& random,
                           std::string root, std::function<void(const std::string&)> on_problem)
    : files_(files),
      clock_(clock),
      random_(random),
      root_(std::move(root)),
      on_problem_(std::move(on_problem)) {}

bool RingRecovery::has_rings(const std::string& run_id) const {
  return files_.status(root_ + "/" + run_id + "/run").has_value();
}

void RingRecovery::look_around() {
  for (const std::string& directory : list_runs(files_, root_)) recover(directory);
}

/// The events that were brought in; nothing if the run is not ours to recover.
Result<std::optional<uint64_t>> RingRecovery::recover_run(const std::string& directory) {
  const auto is_taken = [](const Error& error) { return error.code == Error::kLocked; };
  auto rings = RingDirectory::open(files_, directory);
  if (!rings && (is_taken(rings.error()) || rings.error().code == ENOENT)) return {std::nullopt};
  if (!rings) return rings.error();
  Recovered run(files_, *rings);
  if (Status opened = run.open_rings(clock_); !opened) return opened.error();
  if (Status opened = run.open_journal(clock_, random_); !opened) {
    if (is_taken(opened.error())) return {std::nullopt};
    return opened.error();
  }
  if (Status read = run.take_in_journal(); !read) return read.error();
  auto events = run.append_rest(clock_);
  if (!events) return events.error();
  if (Status removed = rings->remove(); !removed) return removed.error();
  return {*events};
}

void RingRecovery::recover(const std::string& directory) {
  auto events = recover_run(directory);
  if (!events) {
    ++counters_.failures;
    const std::string problem =
        "cannot recover the rings in " + directory + ": " + events.error().to_string();
    if (problem != last_problem_) on_problem_(problem);
    last_problem_ = problem;
  } else if (events->has_value()) {
    ++counters_.runs;
    counters_.events += **events;
  }
}

}  // namespace gasoline::spool
