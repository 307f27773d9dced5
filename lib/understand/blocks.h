#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "understand/chars.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gasoline::understand {

/// Sixteen bytes of a text, looked at together. Each answer is a mask with bit i for byte i.
/// SSE2 where the compiler targets it, else byte by byte: the same answers.
class Block {
 public:
  static constexpr size_t kSize = 16;

#if defined(__SSE2__)
  explicit Block(const char* bytes)
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))) {}

  uint32_t equal_to(char c) const {
    return mask_of(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c)));
  }

  /// Quotes, backslashes and control characters: what a JSON string's inside must not hold.
  uint32_t string_special() const {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes_, _mm_set1_epi8(0x1f)), bytes_);
    return equal_to('"') | equal_to('\\') | mask_of(control);
  }

  /// Letters, digits and '-'.
  uint32_t run_chars() const {
    const __m128i lowered = _mm_or_si128(bytes_, _mm_set1_epi8(0x20));
    const __m128i letter = between(lowered, 'a', 'z');
    const __m128i digit = between(bytes_, '0', '9');
    const __m128i dash = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('-'));
    return mask_of(_mm_or_si128(_mm_or_si128(letter, digit), dash));
  }

 private:
  static uint32_t mask_of(__m128i lanes) {
    return static_cast<uint32_t>(_mm_movemask_epi8(lanes));
  }
  /// Signed comparison is enough: bytes above 127 are negative and so below every ASCII bound.
  static __m128i between(__m128i bytes, char low, char high) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(low - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(high + 1))));
  }
  __m128i bytes_;
#else
  explicit Block(const char* bytes) : bytes_(bytes) {}

  uint32_t equal_to(char c) const {
    return mask([c](char byte) { return byte == c; });
  }
  uint32_t string_special() const {
    return mask(
        [](char byte) { return byte == '"' || byte == '\\' || static_cast<uint8_t>(byte) < 0x20; });
  }
  uint32_t run_chars() const {
    return mask([](char byte) { return is(byte, kRunChar); });
  }

 private:
  template <typename Predicate>
  uint32_t mask(Predicate matches) const {
    uint32_t bits = 0;
    for (size_t i = 0; i < kSize; ++i) bits |= static_cast<uint32_t>(matches(bytes_[i])) << i;
    return bits;
  }
  const char* bytes_;
#endif
};

/// The offset of the first quote, backslash or control character at or behind `from`; the size of
/// `text` if there is none.
inline size_t find_string_special(std::string_view text, size_t from) {
  while (from + Block::kSize <= text.size()) {
    const uint32_t special = Block(text.data() + from).string_special();
    if (special != 0) return from + static_cast<size_t>(std::countr_zero(special));
    from += Block::kSize;
  }
  while (from < text.size() && text[from] != '"' && text[from] != '\\' &&
         static_cast<uint8_t>(text[from]) >= 0x20) {
    ++from;
  }
  return from;
}

}  // namespace gasoline::understand
