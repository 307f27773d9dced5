#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gasoline {

/// "64KiB", "16MiB", "1GiB" or a plain count of bytes. No space, no decimal units, no sign.
Result<uint64_t> parse_size_bytes(std::string_view text);

/// "200ms", "2s", "5m", "24h". A bare number is refused: its unit would be a guess.
Result<int64_t> parse_duration_us(std::string_view text);

/// 1536 -> "1.5 KiB"
std::string format_size_bytes(uint64_t bytes);

/// 1500000 -> "1.5 s"; picks us, ms, s, m or h.
std::string format_duration_us(int64_t us);

}  // namespace gasoline
