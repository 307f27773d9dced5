#include "capture/segment_ledger.h"

#include <algorithm>
#include <charconv>

#include "event/json_scan.h"
#include "journal/reader.h"

namespace gasoline::capture {
namespace {

/// What goes with a record if it is dropped. A gap event stands for the lines that it tells of:
/// they must not be forgotten with it.
struct Weight {
  uint64_t lines = 0;
  uint64_t bytes = 0;
};

uint64_t number_member(std::string_view json, std::string_view name) {
  const std::string_view text = event::find_member(json, name).value_or("");
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Weight weight_of(const spool::SpoolRecord& record) {
  switch (record.kind) {
    case spool::RecordKind::kLines:
      return {record.count, record.bytes.size()};
    case spool::RecordKind::kPiece: {
      if ((record.flags & spool::kPartial) != 0) return {};
      const bool begins_line = (record.flags & spool::kContinuesLine) == 0;
      return {begins_line ? 1u : 0u, record.bytes.size()};
    }
    case spool::RecordKind::kGap: {
      const std::string object = "{" + std::string(record.bytes) + "}";
      const std::string_view gap = event::find_member(object, "gap").value_or("");
      return {number_member(gap, "lines"), number_member(gap, "bytes")};
    }
    default:
      return {};
  }
}

/// Of those of a record's events whose numbers are from `from_seq` on and below `end_seq`.
Weight weight_of(const spool::SpoolRecord& record, uint64_t from_seq, uint64_t end_seq) {
  const uint64_t from = std::clamp(from_seq, record.first_seq, record.end_seq());
  const uint64_t end = std::clamp(end_seq, from, record.end_seq());
  if (end - from == record.count) return weight_of(record);
  if (end == from || record.kind != spool::RecordKind::kLines) return {};
  std::string_view rest = record.bytes;
  for (uint64_t seq = record.first_seq; seq < from; ++seq) rest.remove_prefix(rest.find('\n') + 1);
  const size_t from_size = rest.size();
  for (uint64_t seq = from; seq < end; ++seq) rest.remove_prefix(rest.find('\n') + 1);
  return {end - from, from_size - rest.size()};
}

void add_loss(event::Gap& to, const event::Gap& lost) {
  to.lines += lost.lines;
  to.bytes += lost.bytes;
  if (to.from_us == 0) to.from_us = lost.from_us;
  to.to_us = lost.to_us;
}

}  // namespace

void SegmentLedger::begin_segment(uint64_t first_record, uint64_t first_seq) {
  if (active_.first_record > 0) {
    active_.end_record = first_record;
    active_.end_seq = first_seq;
    closed_.push_back(active_);
  }
  active_ = Segment{};
  active_.first_record = first_record;
  active_.first_seq = first_seq;
}

void SegmentLedger::inherit(uint64_t first_record, uint64_t end_record) {
  Segment inherited;
  inherited.first_record = first_record;
  inherited.end_record = end_record;
  inherited.is_counted = false;
  closed_.push_back(inherited);
}

uint64_t SegmentLedger::add(const spool::SpoolRecord& record,
                            const std::vector<spool::EventTimes>& times) {
  const Weight weight = weight_of(record);
  if (weight.lines == 0 && weight.bytes == 0) return 0;
  active_.lines += weight.lines;
  active_.bytes += weight.bytes;
  if (active_.from_us == 0) active_.from_us = times.front().time_us;
  active_.to_us = std::max(active_.to_us, times.back().time_us);
  if (record.kind == spool::RecordKind::kGap) return 0;
  active_.captured_bytes += weight.bytes;
  return weight.lines;
}

void SegmentLedger::release_before(uint64_t record) {
  while (!closed_.empty() && closed_.front().end_record <= record) closed_.pop_front();
}

uint64_t SegmentLedger::oldest_end_record() const {
  return closed_.empty() ? UINT64_MAX : closed_.front().end_record;
}

int64_t SegmentLedger::oldest_to_us(const std::string& directory) {
  if (closed_.empty()) return INT64_MAX;
  count_inherited(closed_.front(), directory);
  return closed_.front().to_us;
}

std::optional<uint64_t> SegmentLedger::drop_oldest(const std::string& directory,
                                                   SpoolClaims& claims, std::string_view reason,
                                                   const std::function<bool()>& drop) {
  if (closed_.empty()) return std::nullopt;
  Segment& oldest = closed_.front();
  count_inherited(oldest, directory);
  const std::lock_guard lock(claims.mutex);
  const event::Gap claimed = count_events(oldest, directory, claims.acknowledged_end_seq,
                                          claims.claimed_end_seq);
  const event::Gap lost = count_events(oldest, directory, claims.claimed_end_seq, UINT64_MAX);
  if (!drop()) return std::nullopt;
  claims.floor_record = oldest.end_record;
  closed_.pop_front();
  if (claimed_end_seq_ != claims.claimed_end_seq) claimed_loss_ = event::Gap{};
  add_loss(claimed_loss_, claimed);
  claimed_end_seq_ = claims.claimed_end_seq;
  if (lost.lines > 0) tell_later(lost, reason);
  return lost.lines;
}

void SegmentLedger::give_up_claimed(SpoolClaims& claims) {
  const std::lock_guard lock(claims.mutex);
  if (claims.acknowledged_end_seq >= claimed_end_seq_ || claimed_loss_.lines == 0) return;
  tell_later(claimed_loss_, "the spool was full");
}

void SegmentLedger::tell_later(const event::Gap& lost, std::string_view reason) {
  if (!untold_) {
    untold_reason_ = reason;
    untold_.emplace();
    untold_->reason = untold_reason_;
  }
  add_loss(*untold_, lost);
}

void SegmentLedger::count_inherited(Segment& segment, const std::string& directory) {
  if (segment.is_counted) return;
  segment.is_counted = true;
  for_each_record(segment, directory,
                  [&segment](const spool::SpoolRecord& kept,
                             const std::vector<spool::EventTimes>& times) {
                    const Weight weight = weight_of(kept);
                    if (segment.first_seq == 0) segment.first_seq = kept.first_seq;
                    segment.end_seq = kept.end_seq();
                    segment.lines += weight.lines;
                    segment.bytes += weight.bytes;
                    if (segment.from_us == 0) segment.from_us = times.front().time_us;
                    segment.to_us = std::max(segment.to_us, times.back().time_us);
                  });
}

/// Of those of its events whose numbers are from `from_seq` on and below `end_seq`.
event::Gap SegmentLedger::count_events(const Segment& segment, const std::string& directory,
                                       uint64_t from_seq, uint64_t end_seq) {
  event::Gap found;
  found.from_us = segment.from_us;
  found.to_us = segment.to_us;
  if (from_seq <= segment.first_seq && end_seq >= segment.end_seq) {
    found.lines = segment.lines;
    found.bytes = segment.bytes;
  } else if (from_seq < segment.end_seq && end_seq > segment.first_seq) {
    for_each_record(segment, directory, [&](const spool::SpoolRecord& kept, const auto&) {
      const Weight weight = weight_of(kept, from_seq, end_seq);
      found.lines += weight.lines;
      found.bytes += weight.bytes;
    });
  }
  return found;
}

void SegmentLedger::for_each_record(const Segment& segment, const std::string& directory,
                                    const UseRecord& use) {
  auto reader = journal::Reader::open(files_, directory, segment.first_record);
  if (!reader) return;
  spool::SpoolRecord kept;
  std::vector<spool::EventTimes> times;
  while (reader.value()->next_sequence() < segment.end_record) {
    const journal::ReadResult result = reader.value()->read_next();
    const auto* read = std::get_if<journal::Record>(&result);
    if (read == nullptr || !spool::parse_record(read->payload, kept, times)) return;
    if (!times.empty()) use(kept, times);
  }
}

}  // namespace gasoline::capture
