#include "spool/spool_record.h"

#include "base/bytes.h"

namespace gasoline::spool {
namespace {

constexpr char kVersion = 1;

bool take_byte(std::string_view& from, uint8_t& value) {
  if (from.empty()) return false;
  value = static_cast<uint8_t>(from.front());
  from.remove_prefix(1);
  return true;
}

/// Times are kept as differences: the first from zero, each next from the one before. They never
/// run backwards within a stream, so an unsigned difference suffices.
bool take_times(std::string_view& from, uint64_t count, std::vector<EventTimes>& times) {
  times.clear();
  uint64_t groups = 0;
  if (!take_varint(from, groups) || groups > count) return false;
  uint64_t time = 0;
  uint64_t total = 0;
  for (uint64_t i = 0; i < groups; ++i) {
    uint64_t size = 0;
    uint64_t difference = 0;
    if (!take_varint(from, size) || !take_varint(from, difference) || size > count - total)
      return false;
    time += difference;
    total += size;
    times.push_back({size, static_cast<int64_t>(time)});
  }
  return total == count;
}

/// A count that the bytes cannot hold would make events out of nothing.
bool is_count_possible(const SpoolRecord& record) {
  if (record.first_seq > UINT64_MAX - record.count) return false;
  return record.kind == RecordKind::kLines ? record.count <= record.bytes.size()
                                           : record.count == 1;
}

}  // namespace

std::string_view to_string(Stream stream) noexcept {
  return stream == Stream::kStdout ? "stdout" : "stderr";
}

void append_head(std::string& to, const SpoolRecord& record, const std::vector<EventTimes>& times) {
  to.push_back(kVersion);
  to.push_back(static_cast<char>(record.kind));
  to.push_back(static_cast<char>(record.stream));
  to.push_back(static_cast<char>(record.flags));
  append_varint(to, record.first_seq);
  append_varint(to, record.count);
  append_varint(to, record.first_line);
  append_varint(to, record.stream_offset);
  append_varint(to, record.replaces_seq);
  append_varint(to, times.size());
  uint64_t previous = 0;
  for (const EventTimes& group : times) {
    const auto time = static_cast<uint64_t>(group.time_us);
    append_varint(to, group.count);
    append_varint(to, time - previous);
    previous = time;
  }
}

bool parse_record(std::string_view payload, SpoolRecord& record, std::vector<EventTimes>& times) {
  uint8_t version = 0;
  uint8_t kind = 0;
  uint8_t stream = 0;
  if (!take_byte(payload, version) || version != kVersion || !take_byte(payload, kind) ||
      kind < static_cast<uint8_t>(RecordKind::kLines) ||
      kind > static_cast<uint8_t>(RecordKind::kRunEnded) || !take_byte(payload, stream) ||
      stream < static_cast<uint8_t>(Stream::kStdout) ||
      stream > static_cast<uint8_t>(Stream::kStderr) || !take_byte(payload, record.flags) ||
      !take_varint(payload, record.first_seq) || !take_varint(payload, record.count) ||
      !take_varint(payload, record.first_line) || !take_varint(payload, record.stream_offset) ||
      !take_varint(payload, record.replaces_seq) || !take_times(payload, record.count, times)) {
    return false;
  }
  record.kind = static_cast<RecordKind>(kind);
  record.stream = static_cast<Stream>(stream);
  record.bytes = payload;
  return is_count_possible(record);
}

}  // namespace gasoline::spool
