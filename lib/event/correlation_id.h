#pragma once

#include <cstddef>
#include <string_view>

namespace gasoline::event {

/// Puts a correlation id into the form in which ids are compared: lower case, without "urn:uuid:",
/// braces or surrounding quotes, and a 128-bit id (UUID or hex) without its dashes, so that a
/// dashed UUID, a hex trace id and a traceparent's middle are one id. Writes at most `capacity`
/// bytes to `to` and returns their number; 0 means that `id` is no id: empty, too long, unprintable
/// or all zeros. Allocates nothing.
size_t normalize_correlation_id(std::string_view id, char* to, size_t capacity) noexcept;

/// True for what may stand in Event::correlation_id: 1..kCorrelationIdSizeMax printable ASCII
/// characters without spaces, not all zeros (dashes aside).
bool is_correlation_id(std::string_view id) noexcept;

}  // namespace gasoline::event
