#pragma once

#include <string_view>

#include "base/arena.h"
#include "understand/metadata_text.h"
#include "understand/printed_time.h"
#include "understand/reading.h"

namespace gasoline::understand {

/// Reads the JSON object that `text` begins with into `reading`, and its fields that have no column
/// of their own into `metadata`, raw. Returns the offset behind the object; 0, with both as they
/// were, if the text does not begin with one.
size_t read_json_object(std::string_view text, const TimeContext& context, Arena& arena,
                        Reading& reading, MetadataText& metadata);

/// The value of a time's field: a number by magnitude, or text.
bool read_time_value(std::string_view value, const TimeContext& context, PrintedTime& time);

/// The level that `value` says; numbers 0 to 7 are syslog's.
bool read_level_field(std::string_view value, event::Level& level);

}  // namespace gasoline::understand
