#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "understand/metadata_text.h"
#include "understand/printed_time.h"
#include "understand/reading.h"

namespace gasoline::understand {

enum class LineForm : uint8_t { kText, kJson, kLogfmt, kOwn };

class OwnForms;

/// Reads one clean line (no terminal escapes, secrets masked): unwraps it, finds its form and hands
/// it to that form's parser. Nothing of one line is kept for the next.
class LineReader {
 public:
  /// With `own`, which may be null, lines that are no JSON are tried with the user's forms first.
  explicit LineReader(OwnForms* own = nullptr) : own_(own) {}

  /// Fills `reading`, whose message is always set, and adds the line's other fields to `metadata`.
  LineForm read(std::string_view text, const TimeContext& context, Arena& arena, Reading& reading,
                MetadataText& metadata);

 private:
  OwnForms* own_;
};

}  // namespace gasoline::understand
