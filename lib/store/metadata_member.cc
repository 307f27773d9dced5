#include "store/metadata_member.h"

#include <charconv>

#include "event/time_text.h"

namespace gasoline::store {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void skip_spaces(std::string_view text, size_t& at) {
  while (at < text.size() && is_space(text[at])) ++at;
}

/// Moves `at` from an opening quote to behind the closing one. False if there is none.
bool skip_string(std::string_view text, size_t& at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      ++at;
      return true;
    }
  }
  return false;
}

/// Moves `at` behind the value that starts there.
bool skip_value(std::string_view text, size_t& at) {
  size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      if (!skip_string(text, at)) return false;
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return true;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return depth == 0;
}

bool has_key(std::string_view metadata, std::string_view quoted_key) {
  return metadata.find(quoted_key) != std::string_view::npos;
}

GapNote read_gap(std::string_view object, int64_t timestamp_us) {
  if (object.size() >= 2 && object.front() == '{') object = object.substr(1, object.size() - 2);
  GapNote gap;
  gap.from_us = to_time_us(find_member(object, "from")).value_or(timestamp_us);
  gap.to_us = to_time_us(find_member(object, "to")).value_or(timestamp_us);
  gap.lines = to_unsigned(find_member(object, "lines")).value_or(0);
  gap.bytes = to_unsigned(find_member(object, "bytes")).value_or(0);
  gap.reason = to_text(find_member(object, "reason"));
  return gap;
}

}  // namespace

std::string_view find_member(std::string_view metadata, std::string_view key) noexcept {
  size_t at = 0;
  while (true) {
    skip_spaces(metadata, at);
    if (at >= metadata.size() || metadata[at] != '"') return {};
    const size_t key_at = at + 1;
    if (!skip_string(metadata, at)) return {};
    const std::string_view name = metadata.substr(key_at, at - 1 - key_at);
    skip_spaces(metadata, at);
    if (at >= metadata.size() || metadata[at] != ':') return {};
    ++at;
    skip_spaces(metadata, at);
    const size_t value_at = at;
    if (!skip_value(metadata, at)) return {};
    if (name == key) {
      size_t end = at;
      while (end > value_at && is_space(metadata[end - 1])) --end;
      return metadata.substr(value_at, end - value_at);
    }
    if (at >= metadata.size() || metadata[at] != ',') return {};
    ++at;
  }
}

std::optional<uint64_t> to_unsigned(std::string_view value) noexcept {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  return number;
}

std::optional<int64_t> to_time_us(std::string_view value) noexcept {
  int64_t us = 0;
  if (!value.empty() && value.front() == '"') {
    if (!event::parse_iso8601(to_text(value), us)) return std::nullopt;
    return us;
  }
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return std::nullopt;
  if (!event::epoch_us_by_magnitude(number, us)) return std::nullopt;
  return us;
}

std::string_view to_text(std::string_view value) noexcept {
  if (value.size() >= 2 && value.front() == '"') return value.substr(1, value.size() - 2);
  return value;
}

MetadataNotes read_notes(std::string_view metadata, int64_t timestamp_us) noexcept {
  MetadataNotes notes;
  // A plain search first: next to no event has any of these, and a walk costs far more.
  if (has_key(metadata, "\"partial\"")) {
    notes.partial = find_member(metadata, "partial") == "true";
  }
  if (has_key(metadata, "\"replaces\"")) {
    const std::string_view replaced = find_member(metadata, "replaces");
    notes.replaces = to_unsigned(replaced);
    if (replaced.starts_with('"')) notes.replaces_id = to_text(replaced);
  }
  if (has_key(metadata, "\"continues\"")) {
    notes.continues = to_text(find_member(metadata, "continues"));
  }
  if (has_key(metadata, "\"gap\"")) {
    const std::string_view gap = find_member(metadata, "gap");
    if (!gap.empty() && gap.front() == '{') notes.gap = read_gap(gap, timestamp_us);
  }
  return notes;
}

}  // namespace gasoline::store
