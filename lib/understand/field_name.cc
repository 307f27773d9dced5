#include "understand/field_name.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

namespace gasoline::understand {

namespace {

struct Entry {
  std::string_view key;
  FieldName name;
};

constexpr FieldName time_of(uint8_t rank) {
  return {FieldUse::kTime, rank};
}
constexpr FieldName level_of(uint8_t rank) {
  return {FieldUse::kLevel, rank};
}
constexpr FieldName message_of(uint8_t rank) {
  return {FieldUse::kMessage, rank};
}
constexpr FieldName service_of(uint8_t rank) {
  return {FieldUse::kService, rank};
}

constexpr std::array kEntries = {
    Entry{"time", time_of(1)},
    Entry{"ts", time_of(1)},
    Entry{"timestamp", time_of(0)},
    Entry{"@timestamp", time_of(0)},
    Entry{"@t", time_of(0)},
    Entry{"t", time_of(3)},
    Entry{"asctime", time_of(2)},
    Entry{"datetime", time_of(2)},
    Entry{"date", time_of(4)},
    Entry{"_time", time_of(2)},
    Entry{"Timestamp", time_of(0)},
    Entry{"Time", time_of(2)},
    Entry{"TIMESTAMP", time_of(1)},
    Entry{"TIME", time_of(2)},
    Entry{"eventTime", time_of(2)},
    Entry{"event_time", time_of(2)},
    Entry{"log_time", time_of(2)},
    Entry{"timeMillis", time_of(1)},
    Entry{"time_ms", time_of(1)},
    Entry{"timestamp_ms", time_of(1)},
    Entry{"timeUnixNano", time_of(1)},
    Entry{"observed_timestamp", time_of(5)},
    Entry{"observed_timestamp", time_of(5)},
    Entry{"local_time", time_of(5)},
    Entry{"start_time", time_of(6)},
    Entry{"__REALTIME_TIMESTAMP", time_of(2)},
    Entry{"level", level_of(0)},
    Entry{"severity", level_of(1)},
    Entry{"lvl", level_of(1)},
    Entry{"levelname", level_of(1)},
    Entry{"log.level", level_of(0)},
    Entry{"loglevel", level_of(1)},
    Entry{"logLevel", level_of(1)},
    Entry{"log_level", level_of(1)},
    Entry{"level_name", level_of(0)},
    Entry{"severityText", level_of(1)},
    Entry{"severity_text", level_of(1)},
    Entry{"SeverityText", level_of(1)},
    Entry{"Level", level_of(0)},
    Entry{"LogLevel", level_of(1)},
    Entry{"Severity", level_of(1)},
    Entry{"LEVEL", level_of(1)},
    Entry{"SEVERITY", level_of(1)},
    Entry{"@l", level_of(0)},
    Entry{"s", level_of(5)},
    Entry{"L", level_of(5)},
    Entry{"PRIORITY", level_of(2)},
    Entry{"priority", level_of(4)},
    Entry{"msg", message_of(1)},
    Entry{"message", message_of(0)},
    Entry{"@m", message_of(0)},
    Entry{"@mt", message_of(3)},
    Entry{"short_message", message_of(1)},
    Entry{"text", message_of(4)},
    Entry{"log", message_of(4)},
    Entry{"body", message_of(5)},
    Entry{"event", message_of(3)},
    Entry{"Message", message_of(0)},
    Entry{"MESSAGE", message_of(0)},
    Entry{"Msg", message_of(1)},
    Entry{"MSG", message_of(1)},
    Entry{"M", message_of(6)},
    Entry{"m", message_of(6)},
    Entry{"textPayload", message_of(2)},
    Entry{"RenderedMessage", message_of(0)},
    Entry{"renderedMessage", message_of(0)},
    Entry{"MessageTemplate", message_of(3)},
    Entry{"service", service_of(0)},
    Entry{"service.name", service_of(0)},
    Entry{"service_name", service_of(0)},
    Entry{"serviceName", service_of(0)},
    Entry{"application", service_of(2)},
    Entry{"app", service_of(1)},
};

/// A name as two numbers of its first and last bytes and its size: most lookups end at comparing
/// them, and only a hit compares the strings.
struct Digest {
  uint64_t front = 0;
  uint64_t back = 0;
  constexpr bool operator==(const Digest&) const = default;
};

constexpr uint64_t load(std::string_view text, size_t at, size_t size) {
  uint64_t value = 0;
  if (!std::is_constant_evaluated() && std::endian::native == std::endian::little) {
    if (size == 8) std::memcpy(&value, text.data() + at, 8);
    if (size == 4) std::memcpy(&value, text.data() + at, 4);
    if (size >= 4) return value;
  }
  for (size_t i = 0; i < size; ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(text[at + i])) << (8 * i);
  }
  return value;
}

constexpr Digest digest_of(std::string_view key) {
  const size_t size = key.size();
  if (size >= 8) return {load(key, 0, 8), load(key, size - 8, 8) ^ size};
  if (size >= 4) return {load(key, 0, 4), load(key, size - 4, 4) ^ (uint64_t{size} << 32)};
  return {load(key, 0, size), uint64_t{size} << 32};
}

constexpr size_t kSlots = 256;

constexpr size_t slot_of(const Digest& digest) {
  return static_cast<size_t>(
             ((digest.front * 0x9e3779b97f4a7c15u) ^ (digest.back * 0xc2b2ae3d27d4eb4fu)) >> 56) %
         kSlots;
}

/// Open addressing, a quarter full.
struct Table {
  std::array<Digest, kSlots> digests{};
  std::array<FieldName, kSlots> names{};
  std::array<uint8_t, kSlots> entries{};
};

constexpr Table make_table() {
  Table table;
  for (size_t i = 0; i < kEntries.size(); ++i) {
    const Entry& entry = kEntries[i];
    const Digest digest = digest_of(entry.key);
    size_t slot = slot_of(digest);
    while (table.names[slot].use != FieldUse::kOther) slot = (slot + 1) % kSlots;
    table.digests[slot] = digest;
    table.names[slot] = entry.name;
    table.entries[slot] = static_cast<uint8_t>(i);
  }
  return table;
}

constexpr Table kTable = make_table();
constexpr size_t kKeySizeMax = 20;

}  // namespace

FieldName field_name(std::string_view key) {
  if (key.empty() || key.size() > kKeySizeMax) return {};
  const Digest digest = digest_of(key);
  for (size_t slot = slot_of(digest); kTable.names[slot].use != FieldUse::kOther;
       slot = (slot + 1) % kSlots) {
    if (kTable.digests[slot] == digest && kEntries[kTable.entries[slot]].key == key) {
      return kTable.names[slot];
    }
  }
  return {};
}

FieldName name_of_time(std::string_view key) {
  constexpr std::array<std::string_view, 5> kTimes = {"time", "Time", "timestamp", "Timestamp",
                                                      "date"};
  constexpr std::array<std::string_view, 14> kOthers = {"exp",  "Exp",  "last",  "Last", "next",
                                                        "Next", "end",  "End",   "birth", "valid",
                                                        "mod",  "upda", "until", "due"};
  constexpr uint8_t kRank = 8;
  const auto is_in = [key](std::string_view word) { return key.find(word) != key.npos; };
  if (key.size() > kKeySizeMax || std::any_of(kOthers.begin(), kOthers.end(), is_in)) return {};
  const bool is_time = std::any_of(kTimes.begin(), kTimes.end(), [key](std::string_view word) {
    return key.ends_with(word);
  });
  return is_time || key.starts_with("time_") ? time_of(kRank) : FieldName{};
}

FieldName field_name(std::string_view parent, std::string_view key) {
  if (parent == "log" && key == "level") return level_of(0);
  if ((parent == "log_level" || parent == "level") && key == "name") return level_of(2);
  if (key == "logLevel" || key == "log_level") return level_of(3);
  if (parent == "record" && key == "message") return message_of(2);
  if (parent == "time" && key == "timestamp") return time_of(2);
  if ((parent == "t" || parent == "timestamp") && key == "$date") return time_of(2);
  if (parent == "jsonPayload" && (key == "message" || key == "msg")) return message_of(2);
  if (parent == "fields" && key == "message") return message_of(2);
  if (parent == "instant" && key == "epochSecond") return time_of(2);
  if (parent == "service" && key == "name") return service_of(0);
  return {};
}

}  // namespace gasoline::understand
