#include "store/cursor.h"

#include <array>
#include <charconv>

#include "base/bytes.h"
#include "store/id_hash.h"

namespace gasoline::store {
namespace {

std::string_view mark_of(CursorKind kind) {
  switch (kind) {
    case CursorKind::kTimeline:
      return "1.";
    case CursorKind::kSearch:
      return "s1.";
    case CursorKind::kSearchIgnoringCase:
      return "i1.";
  }
  return "1.";
}

void append_optional(std::string& to, const std::optional<int64_t>& value) {
  append_varint(to, value ? 1 : 0);
  append_varint(to, static_cast<uint64_t>(value.value_or(0)));
}

uint64_t filter_hash(const Query& query) {
  std::string text;
  append_sized(text, query.correlation_id);
  for (const auto* list : {&query.sources, &query.services}) {
    append_varint(text, list->size());
    for (const std::string& each : *list) append_sized(text, each);
  }
  append_sized(text, query.run_id);
  append_sized(text, query.project);
  append_varint(text, query.level_min ? 1 + static_cast<uint64_t>(*query.level_min) : 0);
  append_optional(text, query.start_us);
  append_optional(text, query.end_us);
  append_sized(text, query.text);
  if (query.include_inferred) append_sized(text, "inferred");
  return hash_bytes(text);
}

void append_hex(std::string& to, uint64_t value) {
  std::array<char, 16> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  to.append(digits.data(), end);
}

bool take_hex(std::string_view& from, uint64_t& value) {
  const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), value, 16);
  if (error != std::errc()) return false;
  from.remove_prefix(static_cast<size_t>(end - from.data()));
  return true;
}

bool take_dot(std::string_view& from) {
  if (!from.starts_with('.')) return false;
  from.remove_prefix(1);
  return true;
}

}  // namespace

std::string format_cursor(const Position& last, const Query& query, CursorKind kind) {
  std::string cursor(mark_of(kind));
  append_hex(cursor, static_cast<uint64_t>(last.timestamp_us));
  cursor += '.';
  append_hex(cursor, last.arrival);
  cursor += '.';
  append_hex(cursor, filter_hash(query));
  return cursor;
}

Result<std::optional<Position>> parse_cursor(const Query& query, CursorKind kind) {
  if (query.cursor.empty()) return std::optional<Position>();
  std::string_view rest = query.cursor;
  uint64_t timestamp = 0;
  uint64_t arrival = 0;
  uint64_t hash = 0;
  const std::string_view mark = mark_of(kind);
  bool good = rest.starts_with(mark);
  if (good) rest.remove_prefix(mark.size());
  good = good && take_hex(rest, timestamp) && take_dot(rest) && take_hex(rest, arrival) &&
         take_dot(rest) && take_hex(rest, hash) && rest.empty();
  if (!good) {
    return Error::of(Error::kInvalid, "read the cursor",
                     "it is not one that this store gave; ask again without it");
  }
  if (hash != filter_hash(query)) {
    return Error::of(Error::kInvalid, "read the cursor",
                     "it belongs to a query with other filters; repeat those, or ask without it");
  }
  return std::optional(Position{static_cast<int64_t>(timestamp), arrival});
}

}  // namespace gasoline::store
