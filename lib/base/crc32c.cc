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

/// x^exponent modulo the polynomial, reflected: the highest bit is the coefficient of x^0.
constexpr uint32_t power_of_x(uint64_t exponent) {
  uint32_t value = 0x80000000;
  for (; exponent > 0; --exponent) {
    value = (value & 1) != 0 ? (value >> 1) ^ kPolynomialReflected : value >> 1;
  }
  return value;
}

/// One crc32 instruction takes three cycles, but three can be under way. So long input is cut into
/// three lanes of kLane bytes, whose checksums are then put together: moving a checksum over n
/// bytes of zeros multiplies it by x^8n. A carry-less product of two reflected numbers is x times
/// what is meant, and the instruction that reduces it multiplies by x^32, hence the 33.
template <size_t kLane>
struct Lanes {
  static constexpr uint64_t kOverOne = power_of_x(8 * kLane - 33);
  static constexpr uint64_t kOverTwo = power_of_x(16 * kLane - 33);
};

__attribute__((target("sse4.2,pclmul"))) inline uint64_t move_over(uint64_t crc, uint64_t factor) {
  using Vector = long long __attribute__((vector_size(16)));
  const Vector product = __builtin_ia32_pclmulqdq128(Vector{static_cast<long long>(crc), 0},
                                                     Vector{static_cast<long long>(factor), 0}, 0);
  return __builtin_ia32_crc32di(0, static_cast<uint64_t>(product[0]));
}

/// Takes blocks of three lanes off the front of the input.
template <size_t kLane>
__attribute__((target("sse4.2,pclmul"))) inline uint64_t take_lanes(uint64_t crc,
                                                                   const unsigned char*& at,
                                                                   size_t& size) {
  for (; size >= 3 * kLane; size -= 3 * kLane, at += 3 * kLane) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < kLane; i += 8) {
      crc = __builtin_ia32_crc32di(crc, load_le<uint64_t>(at + i));
      second = __builtin_ia32_crc32di(second, load_le<uint64_t>(at + kLane + i));
      third = __builtin_ia32_crc32di(third, load_le<uint64_t>(at + 2 * kLane + i));
    }
    crc = move_over(crc, Lanes<kLane>::kOverTwo) ^ move_over(second, Lanes<kLane>::kOverOne) ^
          third;
  }
  return crc;
}

__attribute__((target("sse4.2,pclmul"))) uint64_t take_all_lanes(uint64_t crc,
                                                                 const unsigned char*& at,
                                                                 size_t& size) noexcept {
  crc = take_lanes<1024>(crc, at, size);
  return take_lanes<96>(crc, at, size);
}

__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(const void* bytes, size_t size,
                                                        uint32_t previous,
                                                        bool has_product) noexcept {
  constexpr size_t kLanesFrom = 288;
  const auto* at = static_cast<const unsigned char*>(bytes);
  uint64_t crc = ~previous;
  if (size >= kLanesFrom && has_product) crc = take_all_lanes(crc, at, size);
  for (; size >= 8; size -= 8, at += 8) crc = __builtin_ia32_crc32di(crc, load_le<uint64_t>(at));
  auto narrow = static_cast<uint32_t>(crc);
  if (size >= 4) {
    narrow = __builtin_ia32_crc32si(narrow, load_le<uint32_t>(at));
    size -= 4;
    at += 4;
  }
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
  if (__builtin_cpu_supports("sse4.2") != 0) {
    return crc32c_sse42(bytes, size, previous, __builtin_cpu_supports("pclmul") != 0);
  }
#endif
  return crc32c_portable(bytes, size, previous);
}

}  // namespace gasoline
