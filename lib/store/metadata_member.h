#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gasoline::store {

/// The raw JSON value of a top-level member of an event's metadata (an object without its braces):
/// find_member("a":1,"gap":{"lines":2}, "gap") is {"lines":2}. Empty if there is none, or if what
/// stands before it is not JSON. Keys with escapes are never found. Linear, allocates nothing.
std::string_view find_member(std::string_view metadata, std::string_view key) noexcept;

/// A JSON number without sign or fraction.
std::optional<uint64_t> to_unsigned(std::string_view value) noexcept;
/// A time in our own JSON: milliseconds with a fraction, or text of RFC 3339.
std::optional<int64_t> to_time_us(std::string_view value) noexcept;
/// The inside of a JSON string without escapes; of one with escapes what stands there.
std::string_view to_text(std::string_view value) noexcept;

/// What a run's capture says about its own events (SPEC: metadata of gap and partial events).
struct GapNote {
  int64_t from_us = 0;
  int64_t to_us = 0;
  uint64_t lines = 0;
  uint64_t bytes = 0;
  std::string_view reason;
};
struct MetadataNotes {
  bool partial = false;              ///< to be replaced by its completed line
  std::optional<uint64_t> replaces;  ///< seq of the partial event that this one completes
  std::string_view replaces_id;      ///< the same by its event_id
  std::string_view continues;        ///< id of the event that this one is a part of
  std::optional<GapNote> gap;        ///< lines that were never captured
};
MetadataNotes read_notes(std::string_view metadata, int64_t timestamp_us) noexcept;

}  // namespace gasoline::store
