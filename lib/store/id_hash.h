#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "event/event.h"

namespace gasoline::store {

/// A 64-bit hash of any bytes, never 0. Good enough to index by, never enough to believe: whoever
/// finds by hash compares the text before it answers.
uint64_t hash_bytes(std::string_view bytes) noexcept;

/// A correlation id in the form in which ids are compared.
struct NormalId {
  std::array<char, event::kCorrelationIdSizeMax> bytes;
  size_t size = 0;

  std::string_view text() const { return {bytes.data(), size}; }
};

/// The different ids that one event shows: correlation, trace and request id, without repeats.
struct EventIds {
  static constexpr size_t kMax = 3;

  std::array<NormalId, kMax> ids;
  std::array<std::string_view, kMax> as_written;  ///< views into the event
  size_t count = 0;

  bool contains(std::string_view normal_id) const;
};

/// Collects the ids of `event`. Allocates nothing.
void find_event_ids(const event::Event& event, EventIds& ids) noexcept;

}  // namespace gasoline::store
