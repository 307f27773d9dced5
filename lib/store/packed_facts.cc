#include "store/packed_facts.h"

#include "base/bytes.h"

namespace gasoline::store {
namespace {

constexpr uint8_t kLevelBits = 7;
constexpr uint8_t kLevelStated = 1 << 3;
constexpr uint8_t kTimestampStated = 1 << 4;
constexpr uint8_t kTagsOfSource = 1 << 5;
constexpr uint8_t kMoreIds = 1 << 6;
constexpr uint8_t kHasMarks = 1 << 7;
constexpr uint32_t kTagIsThere = 1 << 8;  // so that a tag whose kept bits are zero is not none

void append_difference(std::string& to, uint64_t value, uint64_t before) {
  const auto difference = static_cast<int64_t>(value - before);
  append_varint(to, (static_cast<uint64_t>(difference) << 1) ^
                        static_cast<uint64_t>(difference >> 63));
}

bool take_difference(std::string_view& from, uint64_t& value) {
  uint64_t zigzag = 0;
  if (!take_varint(from, zigzag)) return false;
  value += (zigzag >> 1) ^ (~(zigzag & 1) + 1);
  return true;
}

bool take_byte(std::string_view& from, uint8_t& byte) {
  if (from.empty()) return false;
  byte = static_cast<uint8_t>(from.front());
  from.remove_prefix(1);
  return true;
}

}  // namespace

void PackedFacts::append(std::string& to, const PackedFacts& before) const {
  const uint32_t hider = entry.hider();
  const bool has_marks = hider != 0 || entry.is_continued();
  const int tags = entry.id_tags[0] == 0 ? 0 : entry.id_tags[1] == 0 ? 1 : 2;
  to.push_back(static_cast<char>(
      entry.level | (level_stated ? kLevelStated : 0) |
      (timestamp_stated ? kTimestampStated : 0) |
      ((entry.flags & Entry::kTagsOfSource) != 0 ? kTagsOfSource : 0) |
      ((entry.flags & Entry::kMoreIds) != 0 ? kMoreIds : 0) | (has_marks ? kHasMarks : 0)));
  to.push_back(static_cast<char>(static_cast<int>(correlation) | static_cast<int>(trace) << 1 |
                                 static_cast<int>(span) << 3 | static_cast<int>(request) << 4 |
                                 tags << 6));
  append_difference(to, static_cast<uint64_t>(entry.timestamp_us),
                    static_cast<uint64_t>(before.entry.timestamp_us));
  append_varint(to, entry.arrival_delta - before.entry.arrival_delta);
  append_difference(to, delay_us, before.delay_us);
  append_difference(to, seq, before.seq);
  append_difference(to, line, before.line);
  append_varint(to, message_size);
  append_varint(to, rest_size);
  for (int i = 0; i < tags; ++i) to.push_back(static_cast<char>(entry.id_tags[i]));
  if (!has_marks) return;
  append_varint(to, hider);
  to.push_back(entry.is_continued() ? 1 : 0);
}

bool PackedFacts::take(std::string_view& from) {
  uint8_t bits = 0;
  uint8_t ids = 0;
  uint64_t arrivals = 0;
  auto timestamp = static_cast<uint64_t>(entry.timestamp_us);
  if (!take_byte(from, bits) || !take_byte(from, ids) || !take_difference(from, timestamp) ||
      !take_varint(from, arrivals) || !take_difference(from, delay_us) ||
      !take_difference(from, seq) || !take_difference(from, line) ||
      !take_varint(from, message_size) || !take_varint(from, rest_size)) {
    return false;
  }
  entry.timestamp_us = static_cast<int64_t>(timestamp);
  entry.arrival_delta += static_cast<uint32_t>(arrivals);
  entry.level = bits & kLevelBits;
  entry.flags = static_cast<uint8_t>(Entry::kShortTags |
                                     ((bits & kTagsOfSource) != 0 ? Entry::kTagsOfSource : 0) |
                                     ((bits & kMoreIds) != 0 ? Entry::kMoreIds : 0));
  level_stated = (bits & kLevelStated) != 0;
  timestamp_stated = (bits & kTimestampStated) != 0;
  correlation = static_cast<Id>(ids & 1);
  trace = static_cast<Id>(ids >> 1 & 3);
  span = static_cast<Id>(ids >> 3 & 1);
  request = static_cast<Id>(ids >> 4 & 3);
  for (int i = 0; i < 2; ++i) {
    uint8_t tag = 0;
    if (i < ids >> 6 && !take_byte(from, tag)) return false;
    entry.id_tags[i] = i < ids >> 6 ? tag | kTagIsThere : 0;
  }
  uint64_t hider = 0;
  uint8_t continued = 0;
  if ((bits & kHasMarks) != 0 && (!take_varint(from, hider) || !take_byte(from, continued))) {
    return false;
  }
  entry.hidden_by = static_cast<uint32_t>(hider);
  entry.continued = continued;
  return true;
}

}  // namespace gasoline::store
