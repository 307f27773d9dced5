#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "understand/metadata_text.h"
#include "understand/printed_time.h"
#include "understand/reading.h"

namespace gasoline::understand {

enum class LineForm : uint8_t { kText, kJson, kLogfmt };

/// Reads one clean line (no terminal escapes, secrets masked): unwraps it, finds its form and hands
/// it to that form's parser. Holds no state from line to line.
class LineReader {
 public:
  /// Fills `reading`, whose message is always set, and adds the line's other fields to `metadata`.
  LineForm read(std::string_view text, const TimeContext& context, Arena& arena, Reading& reading,
                MetadataText& metadata);
};

}  // namespace gasoline::understand
