#include "base/crc32c.h"

#include <array>

#include "base/bytes.h"

namespace gasoline {
namespace {

constexpr uint32_t kPolynomialReflected = 0x82F63B78;

constexpr std::array<uint32_t, 256> make_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1) != 0 ? (value >> 1) ^ kPolynomialReflected : value >> 1;
    }
    table[i] = value;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(const void* bytes, size_t size,
                                                        uint32_t previous) noexcept {
  const auto* at = static_cast<const unsigned char*>(bytes);
  uint64_t crc = ~previous;
  for (; size >= 8; size -= 8, at += 8) crc = __builtin_ia32_crc32di(crc, load_le<uint64_t>(at));
  auto narrow = static_cast<uint32_t>(crc);
  for (; size > 0; --size, ++at) narrow = __builtin_ia32_crc32qi(narrow, *at);
  return ~narrow;
}
#endif

}  // namespace

uint32_t crc32c_portable(const void* bytes, size_t size, uint32_t previous) noexcept {
  const auto* at = static_cast<const unsigned char*>(bytes);
  uint32_t crc = ~previous;
  for (; size > 0; --size, ++at) crc = kTable[(crc ^ *at) & 0xff] ^ (crc >> 8);
  return ~crc;
}

uint32_t crc32c(const void* bytes, size_t size, uint32_t previous) noexcept {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return crc32c_sse42(bytes, size, previous);
#endif
  return crc32c_portable(bytes, size, previous);
}

}  // namespace gasoline
