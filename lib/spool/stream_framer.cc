#include "spool/stream_framer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "event/gap.h"

namespace gasoline::spool {

StreamFramer::StreamFramer(Stream stream, StreamRing& ring, size_t line_size_bytes_max)
    : stream_(stream),
      ring_(ring),
      line_size_bytes_max_(line_size_bytes_max),
      splitter_(line_size_bytes_max),
      progress_(ring.progress()) {
  if (progress_.is_inside_line != 0) splitter_.continue_line();
}

const FramedRecord* StreamFramer::next(uint64_t next_seq, int64_t now_us, Horizon horizon) {
  if (has_pending_) {
    // The other stream may have taken the number meanwhile.
    pending_.record.first_seq = next_seq;
    return &pending_;
  }
  const uint64_t tail = ring_.tail();
  const bool before_gap = !gaps_.empty();
  const uint64_t until_gap =
      before_gap ? gaps_.front().dropped.position - tail : std::numeric_limits<uint64_t>::max();
  const std::string_view waiting = ring_.readable(std::min(until_gap, horizon.head - tail));
  // Nothing can be added to the line in `waiting` any more: a gap follows, or the stream's end.
  const bool is_last = before_gap ? waiting.size() == until_gap
                                  : horizon.is_end && tail + waiting.size() == horizon.head;
  if (make_lines(waiting, next_seq) || make_piece(waiting, next_seq) ||
      make_unfinished(waiting, next_seq, now_us, is_last)) {
    has_pending_ = true;
  } else if (before_gap && until_gap == 0) {
    make_gap(next_seq);
    has_pending_ = true;
  }
  return has_pending_ ? &pending_ : nullptr;
}

void StreamFramer::accept(uint64_t next_record) {
  const SpoolRecord& record = pending_.record;
  has_pending_ = false;
  progress_.next_line += pending_lines_;
  progress_.next_seq = record.end_seq();
  progress_.next_record = next_record;
  if (pending_is_partial_) {
    progress_.partial_seq = record.first_seq;
    progress_.partial_size_bytes = record.bytes.size();
  } else {
    progress_.tail += pending_.consumed_bytes;
    progress_.is_inside_line = splitter_.is_inside_line() ? 1 : 0;
    if (record.kind == RecordKind::kPiece) {
      progress_.partial_seq = progress_.partial_size_bytes = 0;
    }
    if (record.kind == RecordKind::kGap) gaps_.pop_front();
    unfinished_since_us_ = -1;
  }
  ring_.advance(progress_);
}

int64_t StreamFramer::next_deadline_us() const {
  const bool waits = unfinished_since_us_ >= 0 && unfinished_size_ != progress_.partial_size_bytes;
  return waits ? unfinished_since_us_ + kPartialAfterUs : -1;
}

void StreamFramer::begin_record(RecordKind kind, uint64_t next_seq) {
  pending_.record = SpoolRecord{};
  pending_.record.kind = kind;
  pending_.record.stream = stream_;
  pending_.record.first_seq = next_seq;
  pending_.record.first_line = progress_.next_line;
  pending_.record.stream_offset = ring_.tail();
  pending_.times.clear();
  pending_.consumed_bytes = 0;
  pending_lines_ = 0;
  pending_is_partial_ = false;
}

/// Notes events that end at bytes that were read at `time_us`.
void StreamFramer::add_events(uint64_t count, int64_t time_us) {
  if (count == 0) return;
  if (!pending_.times.empty() && pending_.times.back().time_us == time_us) {
    pending_.times.back().count += count;
  } else {
    pending_.times.push_back({count, time_us});
  }
  pending_.record.count += count;
}

/// Lines none of which can be longer than the bound, since all of them together are not: so many
/// LFs, so many events. Gives their size; 0 where nothing is known without a look at each.
uint64_t StreamFramer::take_lines_together(std::string_view waiting) {
  std::string_view lines = waiting.substr(0, kRecordSizeBytesMax);
  if (lines.empty() || lines.size() > line_size_bytes_max_) return 0;
  const void* const last = ::memrchr(lines.data(), '\n', lines.size());
  if (last == nullptr) return 0;
  lines = {lines.data(), static_cast<const char*>(last) + 1};
  const uint64_t begin = ring_.tail();
  for (uint64_t taken = 0; taken < lines.size();) {
    const StreamRing::Stretch stretch = ring_.stretch_at(begin + taken);
    const uint64_t size = std::min(lines.size() - taken, stretch.end - (begin + taken));
    add_events(framing::count_line_feeds(lines.substr(taken, size)), stretch.time_us);
    taken += size;
  }
  return lines.size();
}

uint64_t StreamFramer::take_lines_one_by_one(std::string_view waiting) {
  std::string_view rest = waiting;
  framing::Piece piece;
  while (waiting.size() - rest.size() < kRecordSizeBytesMax) {
    const std::string_view before = rest;
    if (!splitter_.take(rest, piece)) break;
    if (!piece.ends_line) {
      splitter_.start_line();
      return waiting.size() - before.size();
    }
    add_events(1, ring_.time_of(ring_.tail() + (waiting.size() - rest.size())));
  }
  return waiting.size() - rest.size();
}

/// A record of whole lines, as many as wait, if the next event is one.
bool StreamFramer::make_lines(std::string_view waiting, uint64_t next_seq) {
  if (splitter_.is_inside_line() || progress_.partial_seq != 0) return false;
  begin_record(RecordKind::kLines, next_seq);
  uint64_t size = take_lines_together(waiting);
  if (size == 0) size = take_lines_one_by_one(waiting);
  if (size == 0) return false;
  pending_.record.bytes = waiting.substr(0, size);
  pending_.consumed_bytes = size;
  pending_lines_ = pending_.record.count;
  return true;
}

/// A record of one piece of a long line, or of a line that was shown unfinished before.
bool StreamFramer::make_piece(std::string_view waiting, uint64_t next_seq) {
  framing::Piece piece;
  std::string_view rest = waiting;
  if (!splitter_.take(rest, piece)) return false;
  begin_record(RecordKind::kPiece, next_seq);
  pending_.record.bytes = piece.bytes;
  if (piece.continues) pending_.record.flags |= kContinuesLine;
  if (piece.ends_line) pending_.record.flags |= kEndsLine;
  if (progress_.partial_seq != 0) {
    pending_.record.flags |= kReplaces;
    pending_.record.replaces_seq = progress_.partial_seq;
  }
  pending_.consumed_bytes = piece.bytes.size();
  pending_lines_ = piece.ends_line ? 1 : 0;
  add_events(1, ring_.time_of(ring_.tail() + piece.bytes.size()));
  return true;
}

/// A record of a line without its LF: for good at the end of the stream or before a gap, and for
/// now when nothing came for a while.
bool StreamFramer::make_unfinished(std::string_view waiting, uint64_t next_seq, int64_t now_us,
                                   bool is_last) {
  if (waiting.empty()) {
    unfinished_size_ = 0;
    unfinished_since_us_ = -1;
    return false;
  }
  if (unfinished_since_us_ < 0 || waiting.size() != unfinished_size_) {
    unfinished_since_us_ = now_us;
    unfinished_size_ = waiting.size();
  }
  const bool is_due = now_us - unfinished_since_us_ >= kPartialAfterUs &&
                      waiting.size() != progress_.partial_size_bytes;
  if (!is_last && !is_due) return false;
  begin_record(RecordKind::kPiece, next_seq);
  pending_.record.bytes = waiting;
  if (splitter_.is_inside_line()) pending_.record.flags |= kContinuesLine;
  if (progress_.partial_seq != 0) {
    pending_.record.flags |= kReplaces;
    pending_.record.replaces_seq = progress_.partial_seq;
  }
  add_events(1, ring_.time_of(ring_.tail() + waiting.size()));
  if (is_last) {
    pending_.consumed_bytes = waiting.size();
    splitter_.start_line();
    // Before a gap the line's LF is among the bytes dropped; it still counts as this line's.
    pending_lines_ = gaps_.empty() ? 0 : 1;
    if (!gaps_.empty()) {
      Dropped& dropped = gaps_.front().dropped;
      if (dropped.line_feeds > 0) {
        --dropped.line_feeds;
      } else {
        dropped.ends_inside_line = false;
      }
    }
  } else {
    pending_.record.flags |= kPartial;
    pending_is_partial_ = true;
  }
  return true;
}

void StreamFramer::make_gap(uint64_t next_seq) {
  const Dropped& dropped = gaps_.front().dropped;
  begin_record(RecordKind::kGap, next_seq);
  event::Gap gap;
  gap.lines = dropped.line_feeds + (dropped.ends_inside_line ? 1 : 0);
  gap.bytes = dropped.bytes;
  gap.from_us = dropped.from_us;
  gap.to_us = dropped.to_us;
  gap.reason = gaps_.front().reason;
  pending_.text = to_json_members(gap);
  pending_.record.bytes = pending_.text;
  pending_.record.count = 1;
  pending_.times.push_back({1, dropped.from_us});
  pending_lines_ = dropped.line_feeds;
}

}  // namespace gasoline::spool
