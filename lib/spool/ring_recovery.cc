#include "spool/ring_recovery.h"

#include <array>
#include <cerrno>
#include <deque>
#include <memory>
#include <vector>

#include "journal/writer.h"
#include "spool/ring_directory.h"
#include "spool/run_journal.h"
#include "spool/spool_directory.h"
#include "spool/stream_framer.h"
#include "spool/stream_ring.h"

namespace gasoline::spool {
namespace {

/// One run on its way from its rings into its journal.
class Recovered {
 public:
  Recovered(io::FileSystem& files, const RingDirectory& rings) : files_(files), rings_(rings) {}

  Status open_rings(const Clock& clock);
  Status open_journal(const Clock& clock, Random& random);
  Result<uint64_t> append_rest(const Clock& clock);

 private:
  Result<uint64_t> append_lane(const RingLane& lane, const Clock& clock);

  io::FileSystem& files_;
  const RingDirectory& rings_;
  std::deque<StreamRing> in_memory_;
  std::vector<RingLane> lanes_;
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
    in_memory_.push_back(std::move(*ring));
    in_memory_.back().recover(std::nullopt, clock.wall_us());
    lanes_.push_back({stream, &in_memory_.back()});
  }
  return {};
}

Status Recovered::open_journal(const Clock& clock, Random& random) {
  auto opened = open_run_journal(files_, rings_.ring_run(), lanes_, clock, random);
  if (!opened) return opened.error();
  journal_ = std::move(opened->writer);
  next_seq_ = opened->next_seq;
  return {};
}

Result<uint64_t> Recovered::append_rest(const Clock& clock) {
  uint64_t events = 0;
  for (const RingLane& lane : lanes_) {
    auto appended = append_lane(lane, clock);
    if (!appended) return appended;
    events += *appended;
  }
  if (Status synced = journal_->sync(); !synced) return synced.error();
  return events;
}

Result<uint64_t> Recovered::append_lane(const RingLane& lane, const Clock& clock) {
  uint64_t events = 0;
  StreamFramer framer(lane.stream, *lane.ring, rings_.ring_run().line_size_bytes_max);
  const Horizon horizon{lane.ring->head(), true};
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
