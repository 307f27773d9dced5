#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gasoline {

/// A ULID: 48 bits of milliseconds since the epoch and 80 further bits, written as 26 characters of
/// Crockford's base 32, so that text order is time order. Source: github.com/ulid/spec.
using UlidText = std::array<char, 26>;

UlidText make_ulid(uint64_t epoch_ms, uint16_t high_bits, uint64_t low_bits) noexcept;

inline std::string_view view(const UlidText& ulid) { return {ulid.data(), ulid.size()}; }

/// True for 26 characters of Crockford's base 32 whose value fits 128 bits.
bool is_ulid(std::string_view text) noexcept;

/// The time in a ULID, in microseconds since the epoch; -1 if `text` is none.
int64_t ulid_time_us(std::string_view text) noexcept;

}  // namespace gasoline
