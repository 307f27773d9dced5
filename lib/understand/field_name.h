#pragma once

#include <cstdint>
#include <string_view>

namespace gasoline::understand {

/// What a JSON or logfmt field is for, ids aside.
enum class FieldUse : uint8_t { kOther, kTime, kLevel, kMessage, kService };

struct FieldName {
  FieldUse use = FieldUse::kOther;
  uint8_t rank = 0;  ///< of several fields for one use, the lowest rank is the one
};

/// The use of a field of the outermost object, by its name as the usual loggers write it.
FieldName field_name(std::string_view key);

/// The use of a field that field_name() does not know and whose text is a whole date and time: a
/// time, if its name says so (time_iso8601, requestTime) and it is not that of an end or a change.
FieldName name_of_time(std::string_view key);

/// Like field_name(), for a member of an object that is itself the member `parent`: {"log":{"level":"info"}}.
FieldName field_name(std::string_view parent, std::string_view key);

}  // namespace gasoline::understand
