#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "pattern/user_patterns.h"
#include "understand/metadata_text.h"
#include "understand/printed_time.h"
#include "understand/reading.h"

namespace gasoline::understand {

/// Forms of lines of the user's own, compiled. Immutable; thread-safe.
struct OwnFormRules {
  std::vector<std::string> names;
  pattern::UserPatterns patterns;

  static Result<OwnFormRules> compile(std::vector<std::string> names,
                                      std::span<const std::string> regexes,
                                      const std::string& cache_directory, Log& log);
};

/// Reads lines by the user's forms. One per thread.
///
/// The first form that is found in a line is its form. Its groups `timestamp`, `level`, `message`
/// and `service`, and those named for an id (correlation_id, trace_id, span_id, request_id and the
/// spellings that fields may have), fill in the event's fields; other groups, and those whose text
/// cannot be read as what they are named for, become metadata.
class OwnForms {
 public:
  /// `rules` must outlive it.
  explicit OwnForms(const OwnFormRules& rules) : rules_(rules), memory_(rules.patterns) {}

  /// False, with nothing changed, if no form is found.
  bool read(std::string_view text, const TimeContext& context, Reading& reading,
            MetadataText& metadata);

 private:
  void take(std::string_view name, std::string_view value, const TimeContext& context,
            Reading& reading, MetadataText& metadata) const;

  const OwnFormRules& rules_;
  pattern::UserPatterns::Memory memory_;
};

}  // namespace gasoline::understand
