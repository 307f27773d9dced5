#pragma once

#include <string_view>

#include "base/arena.h"

namespace gasoline::understand {

/// True if `text` writes characters by escapes of JSON that need none: \u0041, \/, or a terminal's
/// colours as \u001b[32m. A secret may be split by them.
bool hides_characters(std::string_view text);

/// `text` with such characters as themselves and without the colours, in `arena`. What a JSON
/// string needs escaped stays so. Linear, and never longer than `text`.
std::string_view reveal_characters(std::string_view text, Arena& arena);

}  // namespace gasoline::understand
