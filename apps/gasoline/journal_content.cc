#include "journal_content.h"

#include <algorithm>
#include <charconv>

#include "base/arena.h"
#include "event/json_scan.h"
#include "spool/spool_directory.h"

namespace gasoline::cli {
namespace {

using spool::RecordKind;

size_t index_of(spool::Stream stream) {
  return stream == spool::Stream::kStdout ? 0 : 1;
}

bool is_text(RecordKind kind) {
  return kind == RecordKind::kLines || kind == RecordKind::kPiece;
}

uint64_t number_member(std::string_view json, std::string_view name) {
  const std::string_view text = event::find_member(json, name).value_or("");
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// Turns payloads into entries, with what that needs kept from one to the next.
class EntryReader {
 public:
  explicit EntryReader(bool is_spool) : is_spool_(is_spool) {}

  JournalEntry entry_of(const journal::Record& record) {
    if (is_spool_ && spool::parse_record(record.payload, spool_record_, times_)) {
      return SpoolEntry{record.sequence, spool_record_, times_};
    }
    arena_.reset();
    if (!is_spool_ && event::parse_log_record(record.payload, log_record_, arena_)) {
      return LogEntry{record.sequence, log_record_};
    }
    return UnknownEntry{record.sequence, record.payload};
  }

 private:
  const bool is_spool_;
  spool::SpoolRecord spool_record_;
  std::vector<spool::EventTimes> times_;
  event::LogRecord log_record_;
  Arena arena_;
};

}  // namespace

bool is_spool(io::FileSystem& files, const std::string& directory) {
  return files.status(directory + "/" + spool::kRunFileName).has_value();
}

Status for_each_entry(io::FileSystem& files, const std::string& directory,
                      const std::function<bool(const JournalEntry&)>& show) {
  const auto names = journal::SegmentDirectory(files, directory).list();
  if (!names) return names.error();
  const uint64_t newest = names->segments.empty() ? 0 : names->segments.back();
  auto reader = journal::Reader::open(files, directory);
  if (!reader) return std::move(reader).error();
  EntryReader entries(is_spool(files, directory));
  for (;;) {
    journal::ReadResult result = (*reader)->read_next();
    const bool is_later = (*reader)->segment() > newest;
    if (is_later || std::holds_alternative<journal::EndOfLog>(result)) return {};
    if (auto* error = std::get_if<Error>(&result)) return std::move(*error);
    if (auto* damage = std::get_if<journal::Corruption>(&result)) {
      if (!show(std::move(*damage))) return {};
    } else if (!show(entries.entry_of(std::get<journal::Record>(result)))) {
      return {};
    }
  }
}

std::string_view take_event_bytes(RecordKind kind, std::string_view& rest) {
  size_t size = rest.size();
  if (kind == RecordKind::kLines) size = std::min(rest.find('\n'), rest.size() - 1) + 1;
  const std::string_view bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  return bytes;
}

void CapturedBytes::add(const spool::SpoolRecord& record, std::string& to) {
  if (!is_text(record.kind)) return;
  Held& held = held_[index_of(record.stream)];
  // What comes next begins where the unfinished line began, unless its whole line is lost.
  if (record.stream_offset != held.stream_offset) to += held.bytes;
  held.bytes.clear();
  if ((record.flags & spool::kPartial) != 0) {
    held = {record.stream_offset, std::string(record.bytes)};
  } else {
    to += record.bytes;
  }
}

void CapturedBytes::finish(std::string& to) {
  for (Held& held : held_) {
    to += held.bytes;
    held.bytes.clear();
  }
}

void ContentCounts::add(const JournalEntry& entry) {
  if (const auto* spooled = std::get_if<SpoolEntry>(&entry)) {
    add_spool(*spooled);
  } else if (const auto* logged = std::get_if<LogEntry>(&entry)) {
    add_log(*logged);
  } else if (std::holds_alternative<UnknownEntry>(entry)) {
    ++unknown_records;
  }
}

void ContentCounts::add_spool(const SpoolEntry& entry) {
  const spool::SpoolRecord& record = entry.record;
  events += record.count;
  for (const spool::EventTimes& group : entry.times) note_time(group.time_us);
  if (record.kind == RecordKind::kGap) note_gap("{" + std::string(record.bytes) + "}");
  const bool is_partial = (record.flags & spool::kPartial) != 0;
  if (!is_text(record.kind) || is_partial) return;
  const size_t stream = index_of(record.stream);
  bytes[stream] += record.bytes.size();
  if (record.kind == RecordKind::kLines) lines[stream] += record.count;
  const bool begins_line = (record.flags & spool::kContinuesLine) == 0;
  if (record.kind == RecordKind::kPiece && begins_line) ++lines[stream];
}

void ContentCounts::add_log(const LogEntry& entry) {
  marks += entry.record.marks.size();
  for (const event::Event& event : entry.record.events) {
    ++events;
    note_time(event.timestamp_us);
    const bool is_stdout = event.source == event::SourceKind::kStdout;
    const std::string metadata = "{" + std::string(event.metadata) + "}";
    if (event::find_member(metadata, "gap")) {
      note_gap(metadata);
    } else if (is_stdout || event.source == event::SourceKind::kStderr) {
      if (event.line > 0) ++lines[is_stdout ? 0 : 1];
    }
  }
}

void ContentCounts::note_gap(std::string_view metadata) {
  const std::string_view gap = event::find_member(metadata, "gap").value_or("");
  ++gaps;
  gap_lines += number_member(gap, "lines");
  gap_bytes += number_member(gap, "bytes");
}

void ContentCounts::note_time(int64_t time_us) {
  first_us = first_us == 0 ? time_us : std::min(first_us, time_us);
  last_us = std::max(last_us, time_us);
}

}  // namespace gasoline::cli
