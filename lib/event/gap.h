#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gasoline::event {

/// What a gap event says: lines that were written and were never captured. The store shows it among
/// the gaps of an answer, beside the event itself.
struct Gap {
  uint64_t lines = 0;  ///< 0: it is not known how many
  uint64_t bytes = 0;  ///< 0: likewise; from a source of files at least so many
  int64_t from_us = 0;  ///< they were written between these two
  int64_t to_us = 0;
  std::string_view reason;  ///< in plain words, what happened to them
};

/// The message of an event that tells of a gap. Its level is a warning.
inline constexpr std::string_view kGapMessage = "lines were not captured";

/// Its metadata: the member "gap" of a JSON object.
std::string to_json_members(const Gap& gap);

}  // namespace gasoline::event
