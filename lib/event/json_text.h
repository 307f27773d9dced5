#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gasoline::event {

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, one for
/// each maximal ill-formed run (Unicode 15, section 3.9, "substitution of maximal subparts").
void append_json_string(std::string& to, std::string_view text);

/// Appends milliseconds with three decimals: 1763700000123.456
void append_json_time_ms(std::string& to, int64_t us);

/// Appends `text` with each ill-formed run replaced by U+FFFD.
void append_valid_utf8(std::string& to, std::string_view text);

/// True if `text` is valid UTF-8.
bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace gasoline::event
