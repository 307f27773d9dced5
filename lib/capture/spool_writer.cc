#include "capture/spool_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/quantity.h"
#include "event/gap.h"
#include "process/scheduling.h"
#include "spool/spool_directory.h"

namespace gasoline::capture {
namespace {

constexpr int64_t kRetryDelayMinUs = 50'000;
constexpr int64_t kRetryDelayMaxUs = 1'000'000;
constexpr int64_t kExpiryIntervalUs = 10'000'000;
constexpr int64_t kDensityIntervalUs = 5000;
constexpr uint64_t kDenseBytesPerUs = 1;
constexpr uint64_t kSegmentSizeBytesMax = 16ull << 20;
constexpr size_t kUnsyncedSegmentsMax = 64;

}  // namespace

SpoolWriter::SpoolWriter(io::FileSystem& files, const Clock& clock, Random& random, Options options,
                         spool::RunDescription run, std::function<void()> on_spooled,
                         std::function<void(const std::string&)> on_problem)
    : files_(files),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      run_(std::move(run)),
      on_spooled_(std::move(on_spooled)),
      on_problem_(std::move(on_problem)),
      ledger_(files_) {}

SpoolWriter::~SpoolWriter() {
  finishing_.store(true);
  wake_.notify();
  if (thread_.joinable()) thread_.join();
}

void SpoolWriter::prepare() {
  thread_ = std::thread([this] { run(); });
}

void SpoolWriter::start(std::vector<CapturedStream> streams, std::string started, int64_t pid) {
  started_ = std::move(started);
  if (pid > 0) run_.pid = pid;
  for (const CapturedStream& source : streams) {
    lanes_.push_back(
        {source, spool::StreamFramer(source.stream, *source.ring, options_.line_size_bytes_max)});
  }
  has_started_.store(true, std::memory_order_release);
  wake_.notify();
  if (!thread_.joinable()) prepare();
}

bool SpoolWriter::finish(std::string ended, int64_t patience_us) {
  ended_ = std::move(ended);
  patience_us_ = patience_us;
  finishing_.store(true, std::memory_order_release);
  wake_.notify();
  if (thread_.joinable()) thread_.join();
  return is_complete_;
}

void SpoolWriter::acknowledge(uint64_t record) {
  acknowledged_record_.store(record);
  // One of the two sees what the other did: this thread the segment, or the spool's the record.
  if (record >= releasable_record_.load()) wake_.notify();
}

std::string SpoolWriter::directory() const {
  const std::lock_guard lock(directory_mutex_);
  return directory_;
}

uint64_t SpoolWriter::next_line(spool::Stream stream) const {
  for (const Lane& lane : lanes_) {
    if (lane.source.stream == stream) return lane.framer.lines() + 1;
  }
  return 1;
}

Status SpoolWriter::sync() {
  return journal_ == nullptr ? Status() : journal_->sync();
}

bool SpoolWriter::is_synced() const {
  return journal_ == nullptr || journal_->synced_sequence() == journal_->next_sequence();
}

Status SpoolWriter::remove() {
  sync_thread_.reset();
  Status removed = spool::remove_run(files_, directory(), pool_ ? &*pool_ : nullptr);
  journal_.reset();
  return removed;
}

void SpoolWriter::run() {
  process::avoid_interrupting_others();
  const bool is_open = open_spool();
  bool is_started = is_open && journal_->next_sequence() > 1;
  while (is_open) {
    // Asked first: what the pumps left when they ended is then seen by this turn.
    const bool is_finishing = finishing_.load(std::memory_order_acquire);
    if (!is_started) {
      is_started = append_members(spool::RecordKind::kRunStarted, started_, run_.started_us);
    }
    bool progressed = false;
    tell_loss();
    for (Lane& lane : lanes_) progressed |= drain(lane);
    release_acknowledged();
    expire();
    if (progressed) {
      on_spooled_();
      if (!is_finishing) gather();
      continue;
    }
    if (is_finishing) {
      const int64_t now_us = clock_.monotonic_us();
      if (is_drained()) break;
      if (give_up_at_us_ == 0) give_up_at_us_ = now_us + patience_us_;
      if (now_us >= give_up_at_us_) break;
    }
    wake_.wait(next_wait_us());
  }
  if (!is_open) return;
  retry_at_us_ = 0;
  tell_loss();
  is_complete_ =
      is_drained() && append_members(spool::RecordKind::kRunEnded, ended_, clock_.wall_us());
  on_spooled_();
}

/// False if there is no spool, or nobody wants one any more.
bool SpoolWriter::open_spool() {
  Status opened = open_in(options_.directory);
  if (!wait_for_start()) {
    if (opened) static_cast<void>(spool::remove_run(files_, run_directory_));
    return false;
  }
  if (opened) opened = begin();
  if (opened) return true;
  on_problem_(fmt::format("no spool in {} ({}); capturing in memory only", options_.directory,
                          opened.error().to_string()));
  options_.size_bytes_max = std::min(options_.size_bytes_max, kMemorySizeBytesMax);
  opened = open_in(options_.memory_directory);
  if (opened) opened = begin();
  if (opened) return true;
  on_problem_(fmt::format("no spool in {} ({}); output is not captured", options_.memory_directory,
                          opened.error().to_string()));
  return false;
}

bool SpoolWriter::wait_for_start() {
  while (!has_started_.load(std::memory_order_acquire)) {
    if (finishing_.load()) return false;
    wake_.wait(-1);
  }
  return true;
}

Status SpoolWriter::open_in(const std::string& directory) {
  run_directory_ = directory + "/" + run_.run_id;
  journal::WriterOptions options;
  options.sync = options_.sync;
  options.segment_size_bytes = 2 * kSegmentSizeBytesMax;  // we close them, earlier, and count
  // A disk that takes its time over a sync is not to hold up what is written meanwhile.
  options.unsynced_segments_max = kUnsyncedSegmentsMax;
  options.starts_segments_unsynced = true;
  if (options_.sync == journal::SyncPolicy::kInterval) options.recycled_segments_max = 0;
  if (directory != options_.memory_directory) {  // memory that nobody uses is to be free
    options.pool_directory = spool::pool_directory(directory);
    pool_.emplace(files_, options.pool_directory);
  } else {
    pool_.reset();
  }
  // The first record's sync, within the interval, makes all of this durable before itself.
  files_.set_noting(options_.sync != journal::SyncPolicy::kAlways);
  auto opened = journal::Writer::open(files_, run_directory_, std::move(options), clock_, random_);
  files_.set_noting(false);
  if (!opened) return opened.error();
  journal_ = std::move(*opened);
  return {};
}

Status SpoolWriter::begin() {
  files_.set_noting(options_.sync != journal::SyncPolicy::kAlways);
  Status described = spool::write_run_description(files_, run_directory_, run_);
  files_.set_noting(false);
  if (!described) {
    journal_.reset();
    return described;
  }
  sync_thread_ = std::make_unique<journal::SyncThread>(*journal_, nullptr);
  if (options_.resumed_at_seq) resume();
  ledger_.begin_segment(journal_->next_sequence(), next_seq_);
  const std::lock_guard lock(directory_mutex_);
  directory_ = run_directory_;
  return {};
}

/// What the earlier writer left may have to be dropped as well, and told of then.
void SpoolWriter::resume() {
  next_seq_ = *options_.resumed_at_seq;
  claims_.end_record.store(journal_->next_sequence(), std::memory_order_release);
  static_cast<void>(journal_->rotate());
  for (const journal::Writer::Dropped& segment : journal_->closed_segments()) {
    ledger_.inherit(segment.first_sequence, segment.end_sequence);
  }
  note_oldest();
}

/// Spools what one stream has, up to a bound that gives the other its turn. True if anything was
/// done.
bool SpoolWriter::drain(Lane& lane) {
  constexpr int kRecordsPerTurn = 16;
  const bool has_ended = lane.source.pump->has_ended();
  const spool::Horizon horizon{lane.source.ring->head(), has_ended};
  for (const spool::Dropped& dropped : lane.source.pump->take_dropped()) {
    lane.framer.add_gap(dropped, "the spool made no progress");
  }
  bool progressed = false;
  for (int i = 0; i < kRecordsPerTurn; ++i) {
    const spool::FramedRecord* framed = lane.framer.next(next_seq_, clock_.monotonic_us(), horizon);
    if (framed == nullptr || !append(framed->record, framed->times)) break;
    lane.framer.accept(end_record());
    lane.source.pump->notify_space();
    progressed = true;
  }
  return progressed;
}

/// A stream that comes fast would wake us for each read of it, which costs its pump more than all
/// else that it does. Nobody waits for such lines so urgently that a moment matters.
void SpoolWriter::gather() {
  const int64_t now_us = clock_.monotonic_us();
  const auto elapsed_us = static_cast<uint64_t>(now_us - density_since_us_);
  if (elapsed_us >= kDensityIntervalUs) {
    uint64_t tail = 0;
    for (const Lane& lane : lanes_) tail += lane.source.ring->tail();
    is_dense_ = tail - density_tail_ >= elapsed_us * kDenseBytesPerUs;
    density_tail_ = tail;
    density_since_us_ = now_us;
  }
  const bool is_nobody_waiting = options_.is_nobody_waiting();
  if (!is_dense_ && !is_nobody_waiting) return;
  counters_.gatherings.fetch_add(1, std::memory_order_relaxed);
  is_gathering_.store(true);
  wake_.wait(is_nobody_waiting ? kIdleGatherUs : kGatherUs);
  is_gathering_.store(false);
  // Either we see what was published, or who published it sees that we gather no more.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SpoolWriter::notify_published(const spool::StreamRing& ring) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (is_gathering_.load() && ring.head() - ring.tail() < kGatherSizeBytesMax) return;
  wake_.notify();
}

bool SpoolWriter::append(const spool::SpoolRecord& record,
                         const std::vector<spool::EventTimes>& times) {
  make_room(record.bytes.size());
  return append_to_journal(record, times);
}

bool SpoolWriter::append_to_journal(const spool::SpoolRecord& record,
                                    const std::vector<spool::EventTimes>& times) {
  if (clock_.monotonic_us() < retry_at_us_) return false;
  head_.clear();
  spool::append_head(head_, record, times);
  const std::array<std::string_view, 2> parts{head_, record.bytes};
  const auto sequence = journal_->append(parts);
  if (!sequence) {
    counters_.failed_appends.fetch_add(1, std::memory_order_relaxed);
    report(sequence.error());
    retry_delay_us_ = std::clamp(2 * retry_delay_us_, kRetryDelayMinUs, kRetryDelayMaxUs);
    retry_at_us_ = clock_.monotonic_us() + retry_delay_us_;
    return false;
  }
  retry_delay_us_ = 0;
  next_seq_ = record.end_seq();
  claims_.end_record.store(*sequence + 1, std::memory_order_release);
  counters_.events.fetch_add(record.count, std::memory_order_relaxed);
  counters_.lines.fetch_add(ledger_.add(record, times), std::memory_order_relaxed);
  close_segment_when_full();
  return true;
}

/// Writes the gap event of segments that were dropped.
void SpoolWriter::tell_loss() {
  const event::Gap* gap = ledger_.untold_loss();
  if (gap == nullptr) return;
  if (append_members(spool::RecordKind::kGap, event::to_json_members(*gap), gap->from_us)) {
    ledger_.note_told();
  }
}

bool SpoolWriter::append_members(spool::RecordKind kind, const std::string& members,
                                 int64_t time_us) {
  spool::SpoolRecord record;
  record.kind = kind;
  record.first_seq = next_seq_;
  record.count = 1;
  record.bytes = members;
  return append_to_journal(record, {{1, time_us}});
}

void SpoolWriter::close_segment_when_full() {
  const uint64_t segment_size = std::min(kSegmentSizeBytesMax, options_.size_bytes_max / 4);
  if (ledger_.captured_bytes() >= segment_size) close_segment();
}

void SpoolWriter::close_segment() {
  if (!journal_->rotate()) return;
  // Under kInterval segments are always new ones (starts_segments_unsynced).
  const bool is_reusing = pool_ && options_.sync != journal::SyncPolicy::kInterval;
  const bool is_first = ledger_.oldest_end_record() == UINT64_MAX;
  if (is_reusing && is_first) static_cast<void>(pool_->make());
  ledger_.begin_segment(journal_->next_sequence(), next_seq_);
  note_oldest();
}

void SpoolWriter::release_acknowledged() {
  const uint64_t record = acknowledged_record_.load();
  if (record == released_record_) return;
  ledger_.release_before(record);
  note_oldest();
  // Left for the next time if it fails; the daemon knows what it has.
  if (journal_->release_before(record)) released_record_ = record;
}

void SpoolWriter::note_oldest() {
  releasable_record_.store(ledger_.oldest_end_record());
}

void SpoolWriter::make_room(uint64_t wanted_bytes) {
  if (journal_->size_bytes() + wanted_bytes <= options_.size_bytes_max) return;
  release_acknowledged();
  while (journal_->size_bytes() + wanted_bytes > options_.size_bytes_max) {
    if (!drop_oldest("the spool was full")) return;
  }
}

void SpoolWriter::expire() {
  const int64_t now_us = clock_.monotonic_us();
  if (now_us < next_expiry_us_) return;
  const bool is_start = next_expiry_us_ == 0;
  next_expiry_us_ = now_us + kExpiryIntervalUs;
  if (pool_ && !is_start) pool_->expire(clock_.wall_us());
  const int64_t oldest_us = clock_.wall_us() - options_.ttl_us;
  if (ledger_.active_lines() > 0 && ledger_.active_to_us() < oldest_us) close_segment();
  while (ledger_.oldest_to_us(directory()) < oldest_us) {
    if (!drop_oldest(fmt::format("nobody took them for {}", format_duration_us(options_.ttl_us)))) {
      return;
    }
  }
}

/// False if there is nothing to drop, or it cannot be dropped now.
bool SpoolWriter::drop_oldest(std::string_view reason) {
  const std::optional<uint64_t> lost_lines =
      ledger_.drop_oldest(directory(), claims_, reason, [this] {
        const auto dropped = journal_->drop_oldest();
        return dropped && dropped->has_value();
      });
  note_oldest();
  if (!lost_lines) return false;
  counters_.dropped_lines.fetch_add(*lost_lines, std::memory_order_relaxed);
  return true;
}

void SpoolWriter::tell_claimed_loss() {
  if (journal_ == nullptr) return;
  ledger_.give_up_claimed(claims_);
  tell_loss();
}

bool SpoolWriter::is_drained() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const Lane& lane) {
    return lane.source.pump->has_ended() && lane.source.ring->head() == lane.source.ring->tail() &&
           !lane.framer.has_gap();
  });
}

int64_t SpoolWriter::next_wait_us() const {
  const int64_t now_us = clock_.monotonic_us();
  int64_t wait_us = finishing_.load() ? kRetryDelayMinUs : kExpiryIntervalUs;
  if (retry_at_us_ > now_us) wait_us = std::min(wait_us, retry_at_us_ - now_us);
  for (const Lane& lane : lanes_) {
    const int64_t deadline_us = lane.framer.next_deadline_us();
    if (deadline_us >= 0)
      wait_us = std::min(wait_us, std::max<int64_t>(deadline_us - now_us, 1000));
  }
  return wait_us;
}

void SpoolWriter::report(const Error& error) {
  if (std::find(reported_.begin(), reported_.end(), error.code) != reported_.end()) return;
  reported_.push_back(error.code);
  on_problem_(error.to_string() +
              "; your command is not affected, lines may be missing from the "
              "timeline until this is mended");
}

}  // namespace gasoline::capture
