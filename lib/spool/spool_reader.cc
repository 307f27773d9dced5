#include "spool/spool_reader.h"

#include <fmt/format.h>

#include "event/gap.h"
#include "framing/line_splitter.h"
#include "spool/event_text.h"

namespace gasoline::spool {
namespace {

/// Takes the next event's bytes off the front of a record's.
std::string_view take_event(RecordKind kind, std::string_view& rest) {
  size_t size = rest.size();
  if (kind == RecordKind::kLines) size = std::min(rest.find('\n'), rest.size() - 1) + 1;
  const std::string_view bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  return bytes;
}

std::string piece_metadata(const SpoolRecord& record) {
  std::string members;
  const bool ends = (record.flags & kEndsLine) != 0;
  if ((record.flags & kContinuesLine) != 0) members += ",\"continued\":true";
  if ((record.flags & kPartial) != 0) members += ",\"partial\":true";
  if ((record.flags & kReplaces) != 0) {
    members += fmt::format(",\"replaces\":{}", record.replaces_seq);
  }
  if (!ends && (record.flags & (kPartial | kContinuesLine)) == 0)
    members += ",\"unterminated\":true";
  return members.empty() ? members : members.substr(1);
}

std::string_view message_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kGap:
      return event::kGapMessage;
    case RecordKind::kRunStarted:
      return "run started";
    case RecordKind::kRunEnded:
      return "run ended";
    default:
      return {};
  }
}

}  // namespace

SpoolReader::SpoolReader(io::FileSystem& files, std::string directory, RunDescription run)
    : files_(files), directory_(std::move(directory)), run_(std::move(run)) {}

Result<std::unique_ptr<SpoolReader>> SpoolReader::open(io::FileSystem& files,
                                                       const std::string& directory,
                                                       RunDescription run) {
  auto reader = std::unique_ptr<SpoolReader>(new SpoolReader(files, directory, std::move(run)));
  if (Status opened = reader->seek({}); !opened) return opened.error();
  return reader;
}

Status SpoolReader::seek(SpoolPosition position) {
  auto journal = journal::Reader::open(files_, directory_, position.record);
  if (!journal) return journal.error();
  journal_ = std::move(*journal);
  position_ = position;
  has_record_ = false;
  expected_seq_ = 0;
  is_damaged_ = false;
  return {};
}

Result<SpoolReader::Fetched> SpoolReader::fetch(uint64_t end_record) {
  while (!has_record_) {
    if (journal_->next_sequence() >= end_record) return Fetched::kEnd;
    journal::ReadResult result = journal_->read_next();
    if (std::holds_alternative<journal::EndOfLog>(result)) return Fetched::kEnd;
    if (auto* error = std::get_if<Error>(&result)) return *error;
    if (auto* damage = std::get_if<journal::Corruption>(&result)) {
      if (!damage->is_released) damaged_records_ += damage->end_missing - damage->first_missing;
      is_damaged_ = is_damaged_ || !damage->is_released;
      continue;
    }
    const auto& record = std::get<journal::Record>(result);
    if (!parse_record(record.payload, record_, times_)) {
      ++damaged_records_;
      is_damaged_ = true;
      continue;
    }
    if (record.sequence != position_.record) position_ = {record.sequence, 0};
    has_record_ = true;
    rest_ = record_.bytes;
    time_group_ = 0;
    time_group_left_ = 0;
    for (uint64_t i = 0; i < position_.event_index; ++i) {
      take_event(record_.kind, rest_);
      take_time();
    }
  }
  return Fetched::kRecord;
}

/// The read time of the next event of the record. parse_record made sure that there is one for
/// each.
int64_t SpoolReader::take_time() {
  while (time_group_left_ == 0) time_group_left_ = times_[time_group_++].count;
  --time_group_left_;
  return times_[time_group_ - 1].time_us;
}

void SpoolReader::append_event(std::string& body, std::string_view bytes, uint64_t index,
                               int64_t time_us) {
  const bool is_text = record_.kind == RecordKind::kLines || record_.kind == RecordKind::kPiece;
  CapturedEvent event;
  event.stream = record_.stream;
  event.time_us = time_us;
  std::string piece;
  if (is_text) {
    event.line = record_.first_line + index;
    event.message = framing::visible_text(bytes);
    if (record_.kind == RecordKind::kPiece) piece = piece_metadata(record_);
    event.metadata = piece;
  } else {
    event.message = message_of(record_.kind);
    event.metadata = bytes;
  }
  if (record_.kind == RecordKind::kGap) event.level = "warn";
  append_event_text(body, event);
}

/// True if events are missing before the fetched record, and nobody else tells of them.
bool SpoolReader::has_damage_before() const {
  return is_damaged_ && expected_seq_ > 0 && position_.event_index == 0 &&
         record_.first_seq > expected_seq_;
}

void SpoolReader::fill_with_damage(SpoolBatch& batch) {
  event::Gap gap;
  gap.lines = record_.first_seq - expected_seq_;
  gap.from_us = gap.to_us = times_.front().time_us;
  gap.reason = "the spool is damaged there";
  const std::string metadata = to_json_members(gap);
  CapturedEvent event;
  event.stream = record_.stream;
  event.time_us = gap.from_us;
  event.message = message_of(RecordKind::kGap);
  event.metadata = metadata;
  event.level = "warn";
  begin_batch(batch, record_.first_seq - 1);
  append_event_text(batch.body, event);
  batch.events = 1;
  is_damaged_ = false;
}

void SpoolReader::begin_batch(SpoolBatch& batch, uint64_t first_seq) const {
  batch.first_seq = first_seq;
  batch.body = "{" + envelope_members(run_, first_seq) + ",\"events\":[";
}

/// Adds events of the current record. True if the batch can take more.
bool SpoolReader::add_events(const BatchLimits& limits, SpoolBatch& batch) {
  const uint64_t seq = record_.first_seq + position_.event_index;
  if (batch.events == 0) {
    begin_batch(batch, seq);
  } else if (seq != batch.end_seq()) {
    return false;
  }
  while (position_.event_index < record_.count) {
    // One event at least: an empty batch would read as the end of the spool.
    const bool is_full =
        batch.events >= limits.events_max || batch.body.size() >= limits.body_size_bytes_max;
    if (is_full && batch.events > 0) return false;
    const std::string_view bytes = take_event(record_.kind, rest_);
    if (batch.events > 0) batch.body.push_back(',');
    append_event(batch.body, bytes, position_.event_index, take_time());
    ++batch.events;
    ++position_.event_index;
    expected_seq_ = batch.end_seq();
    is_damaged_ = false;
  }
  position_ = {position_.record + 1, 0};
  has_record_ = false;
  return true;
}

Status SpoolReader::next_batch(const BatchLimits& limits, SpoolBatch& batch) {
  batch.body.clear();
  batch.events = 0;
  for (bool has_room = true; has_room;) {
    Result<Fetched> fetched = fetch(limits.end_record);
    // What the batch has already is not held back: the next call meets the error again.
    if (!fetched && batch.events == 0) return fetched.error();
    if (!fetched || *fetched == Fetched::kEnd) break;
    if (has_damage_before()) {
      if (batch.events == 0) fill_with_damage(batch);
      break;
    }
    has_room = add_events(limits, batch);
  }
  if (batch.events > 0) batch.body += "]}";
  return {};
}

}  // namespace gasoline::spool
