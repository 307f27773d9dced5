#include "event/event_codec.h"

#include <new>

#include "base/bytes.h"

namespace gasoline::event {
namespace {

constexpr char kVersion = 1;
constexpr uint8_t kLevelStated = 1;
constexpr uint8_t kTimestampStated = 2;

uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

int64_t unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

bool take_byte(std::string_view& from, uint8_t& value) {
  if (from.empty()) return false;
  value = static_cast<uint8_t>(from.front());
  from.remove_prefix(1);
  return true;
}

bool take_fixed_part(std::string_view& from, Event& event) {
  uint8_t version = 0;
  uint8_t flags = 0;
  uint8_t level = 0;
  uint8_t source = 0;
  uint64_t timestamp = 0;
  uint64_t receive_delay = 0;
  if (!take_byte(from, version) || version != kVersion || !take_byte(from, flags) ||
      !take_byte(from, level) || level > static_cast<uint8_t>(Level::kCritical) ||
      !take_byte(from, source) || source > static_cast<uint8_t>(SourceKind::kApi) ||
      !take_varint(from, timestamp) || !take_varint(from, receive_delay) ||
      !take_varint(from, event.seq) || !take_varint(from, event.line)) {
    return false;
  }
  event.level_stated = (flags & kLevelStated) != 0;
  event.timestamp_stated = (flags & kTimestampStated) != 0;
  event.level = static_cast<Level>(level);
  event.source = static_cast<SourceKind>(source);
  event.timestamp_us = unzigzag(timestamp);
  // Wraps like the subtraction that made it: damaged bytes must not be undefined behaviour.
  event.receive_time_us = static_cast<int64_t>(static_cast<uint64_t>(event.timestamp_us) +
                                               static_cast<uint64_t>(unzigzag(receive_delay)));
  return true;
}

bool take_tags(std::string_view& from, Event& event, Arena& arena) {
  uint64_t count = 0;
  if (!take_varint(from, count) || count > kTagsMax) return false;
  event.tags = {};
  if (count == 0) return true;
  auto* tags =
      reinterpret_cast<std::string_view*>(arena.allocate(count * sizeof(std::string_view)));
  for (uint64_t i = 0; i < count; ++i) {
    std::string_view tag;
    if (!take_sized(from, tag)) return false;
    new (&tags[i]) std::string_view(tag);
  }
  event.tags = {tags, count};
  return true;
}

}  // namespace

void append_encoded(std::string& to, const Event& event) {
  constexpr size_t kFixedSizeMax = 4 + 5 * kVarintSizeMax;
  const std::string_view fields[] = {event.event_id,   event.service,        event.message,
                                     event.correlation_id, event.trace_id,   event.span_id,
                                     event.request_id, event.metadata,       event.run_id};
  size_t size_max = kFixedSizeMax;
  for (const std::string_view field : fields) size_max += kVarintSizeMax + field.size();
  for (const std::string_view tag : event.tags) size_max += kVarintSizeMax + tag.size();
  const size_t start = to.size();
  to.resize(start + size_max);  // room for all, made once
  char* at = to.data() + start;
  *at++ = kVersion;
  *at++ = static_cast<char>((event.level_stated ? kLevelStated : 0) |
                            (event.timestamp_stated ? kTimestampStated : 0));
  *at++ = static_cast<char>(event.level);
  *at++ = static_cast<char>(event.source);
  at = put_varint(at, zigzag(event.timestamp_us));
  at = put_varint(at, zigzag(static_cast<int64_t>(static_cast<uint64_t>(event.receive_time_us) -
                                                  static_cast<uint64_t>(event.timestamp_us))));
  at = put_varint(at, event.seq);
  at = put_varint(at, event.line);
  for (const std::string_view field : fields) at = put_sized(at, field);
  at = put_varint(at, event.tags.size());
  for (const std::string_view tag : event.tags) at = put_sized(at, tag);
  to.resize(static_cast<size_t>(at - to.data()));
}

bool take_encoded(std::string_view& from, Event& event, Arena& arena) {
  std::string_view rest = from;
  Event taken;
  if (!take_fixed_part(rest, taken)) return false;
  for (std::string_view* field :
       {&taken.event_id, &taken.service, &taken.message, &taken.correlation_id, &taken.trace_id,
        &taken.span_id, &taken.request_id, &taken.metadata, &taken.run_id}) {
    if (!take_sized(rest, *field)) return false;
  }
  if (!take_tags(rest, taken, arena)) return false;
  event = taken;
  from = rest;
  return true;
}

std::string_view encoded_message(std::string_view from) noexcept {
  constexpr size_t kFixedBytes = 4;  // version, flags, level, source
  if (from.size() < kFixedBytes || from.front() != kVersion) return {};
  from.remove_prefix(kFixedBytes);
  uint64_t number = 0;
  for (int i = 0; i < 4; ++i) {
    if (!take_varint(from, number)) return {};
  }
  std::string_view field;
  for (int i = 0; i < 3; ++i) {
    if (!take_sized(from, field)) return {};
  }
  return field;
}

}  // namespace gasoline::event
