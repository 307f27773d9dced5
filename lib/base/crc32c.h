#pragma once

#include <cstddef>
#include <cstdint>

namespace gasoline {

/// CRC-32C (Castagnoli polynomial 0x1EDC6F41, reflected, initial value and final xor all ones), as
/// in RFC 3720 B.4: the CRC of "123456789" is 0xE3069283.
///
/// `previous` is the result for the bytes before, so that a checksum can be built in pieces.
/// Uses the processor's instruction where there is one; allocates nothing.
uint32_t crc32c(const void* bytes, size_t size, uint32_t previous = 0) noexcept;

/// The same without special instructions: the oracle of the tests.
uint32_t crc32c_portable(const void* bytes, size_t size, uint32_t previous = 0) noexcept;

}  // namespace gasoline
