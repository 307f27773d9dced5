#pragma once

#include <string_view>

namespace gasoline::understand {

/// The forms of ids that are telling by themselves.
enum class IdShape {
  kNone,
  kUuid,         ///< 8-4-4-4-12 hex digits
  kHex128,       ///< 32 hex digits
  kXray,         ///< 1-8hex-24hex
  kTraceparent,  ///< 2hex-32hex-16hex-2hex (W3C)
  kB3,           ///< 32hex-16hex with an optional sampling state and parent
  kTraceAndSpan  ///< 32hex-16hex and nothing else: Spring Boot's pair
};

/// The shape of the whole of `text`. An id of zeros only has none.
IdShape id_shape(std::string_view text);

/// A ULID, or another id of 64 bits or more that no person would type: 16 or more characters with
/// letters and digits mixed.
bool looks_random(std::string_view text);

/// True for values that stand for "no id": -, null, none, undefined, (null), unknown ...
bool is_placeholder(std::string_view value);

/// True if all letters and digits of `text` are 0, or it has none.
bool is_all_zeros(std::string_view text);

}  // namespace gasoline::understand
