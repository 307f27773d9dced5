#include <fmt/format.h>

#include "event/event_json.h"
#include "event/json_text.h"
#include "journal_content.h"

namespace gasoline::cli {
namespace {

using spool::RecordKind;

std::string_view name_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::kLines:
      return "line";
    case RecordKind::kPiece:
      return "piece";
    case RecordKind::kGap:
      return "gap";
    case RecordKind::kRunStarted:
      return "run_started";
    case RecordKind::kRunEnded:
      return "run_ended";
  }
  return "unknown";
}

void append_piece_flags(std::string& to, const spool::SpoolRecord& record) {
  if ((record.flags & spool::kContinuesLine) != 0) to += ",\"continues_line\":true";
  if ((record.flags & spool::kEndsLine) != 0) to += ",\"ends_line\":true";
  if ((record.flags & spool::kPartial) != 0) to += ",\"partial\":true";
  if ((record.flags & spool::kReplaces) != 0) {
    to += fmt::format(",\"replaces\":{}", record.replaces_seq);
  }
}

/// The text without its LF, and how many bytes there really were.
void append_bytes(std::string& to, std::string_view bytes) {
  to += fmt::format(",\"bytes\":{},\"text\":", bytes.size());
  if (bytes.ends_with('\n')) bytes.remove_suffix(1);
  event::append_json_string(to, bytes);
  if (!event::is_valid_utf8(bytes)) to += ",\"is_utf8\":false";
}

void append_spool(std::string& to, const SpoolEntry& entry) {
  const spool::SpoolRecord& record = entry.record;
  const bool is_text = record.kind == RecordKind::kLines || record.kind == RecordKind::kPiece;
  std::string_view rest = record.bytes;
  auto group = entry.times.begin();
  uint64_t left_in_group = group == entry.times.end() ? 0 : group->count;
  for (uint64_t i = 0; i < record.count; ++i) {
    while (left_in_group == 0) left_in_group = (++group)->count;
    --left_in_group;
    to += fmt::format("{{\"record\":{},\"kind\":\"{}\",\"seq\":{},\"time\":", entry.sequence,
                      name_of(record.kind), record.first_seq + i);
    event::append_json_time_ms(to, group->time_us);
    to += fmt::format(",\"stream\":\"{}\"", spool::to_string(record.stream));
    if (is_text) {
      const auto offset = static_cast<uint64_t>(rest.data() - record.bytes.data());
      to += fmt::format(",\"line\":{},\"stream_offset\":{}", record.first_line + i,
                        record.stream_offset + offset);
      append_piece_flags(to, record);
      append_bytes(to, take_event_bytes(record.kind, rest));
    } else {
      to += ",\"metadata\":{";
      to += record.bytes;
      to += '}';
    }
    to += "}\n";
  }
}

void append_log(std::string& to, const LogEntry& entry) {
  for (const event::Event& event : entry.record.events) {
    to += fmt::format("{{\"record\":{},\"kind\":\"event\",", entry.sequence);
    std::string json;
    event::append_json(json, event);
    to.append(json, 1);  // its members and closing brace
    to += '\n';
  }
  if (entry.record.marks.empty()) return;
  to += fmt::format("{{\"record\":{},\"kind\":\"run_marks\",\"marks\":[", entry.sequence);
  for (const event::LoggedMark& mark : entry.record.marks) {
    if (to.back() != '[') to += ',';
    to += "{\"run_id\":";
    event::append_json_string(to, mark.run_id);
    to += fmt::format(",\"seq\":{},\"time\":", mark.seq);
    event::append_json_time_ms(to, mark.time_us);
    to += '}';
  }
  to += "]}\n";
}

void append_unknown(std::string& to, const UnknownEntry& entry) {
  to += fmt::format("{{\"record\":{},\"kind\":\"unknown\",\"bytes\":{}}}\n", entry.sequence,
                    entry.payload.size());
}

void append_damage(std::string& to, const journal::Corruption& damage) {
  to += fmt::format(
      "{{\"kind\":\"{}\",\"segment\":\"{}\",\"offset\":{},\"bytes\":{},\"first_missing\":{},"
      "\"end_missing\":{}}}\n",
      damage.is_released ? "released" : "damage", damage.segment, damage.offset, damage.bytes,
      damage.first_missing, damage.end_missing);
}

}  // namespace

void append_ndjson(std::string& to, const JournalEntry& entry) {
  if (const auto* spooled = std::get_if<SpoolEntry>(&entry)) append_spool(to, *spooled);
  if (const auto* logged = std::get_if<LogEntry>(&entry)) append_log(to, *logged);
  if (const auto* unknown = std::get_if<UnknownEntry>(&entry)) append_unknown(to, *unknown);
  if (const auto* damage = std::get_if<journal::Corruption>(&entry)) append_damage(to, *damage);
}

}  // namespace gasoline::cli
