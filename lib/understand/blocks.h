#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
  uint32_t count_of(char c) const {
    const __m128i equal = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c));
    const __m128i sums = _mm_sad_epu8(_mm_sub_epi8(_mm_setzero_si128(), equal), _mm_setzero_si128());
    return static_cast<uint32_t>(_mm_cvtsi128_si32(sums) + _mm_extract_epi16(sums, 4));
  }

  /// Quotes, backslashes and control characters: what a JSON string's inside must not hold.
  uint32_t string_special() const {
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes_, _mm_set1_epi8(0x1f)), bytes_);
    return equal_to('"') | equal_to('\\') | mask_of(control);
  }

  /// Letters, digits and '-'.
  uint32_t run_chars() const {
    const __m128i letter = between(lowered(), 'a', 'z');
    const __m128i digit = between(bytes_, '0', '9');
    const __m128i dash = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('-'));
    return mask_of(_mm_or_si128(_mm_or_si128(letter, digit), dash));
  }

  uint32_t hex_digits() const {
    return mask_of(_mm_or_si128(between(lowered(), 'a', 'f'), between(bytes_, '0', '9')));
  }

 private:
  /// Letters in lower case; other bytes change too, but none becomes a letter.
  __m128i lowered() const { return _mm_or_si128(bytes_, _mm_set1_epi8(0x20)); }
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
  uint32_t count_of(char c) const {
    return static_cast<uint32_t>(std::count(bytes_, bytes_ + kSize, c));
  }
  uint32_t string_special() const {
    return mask(
        [](char byte) { return byte == '"' || byte == '\\' || static_cast<uint8_t>(byte) < 0x20; });
  }
  uint32_t run_chars() const {
    return mask([](char byte) { return is(byte, kRunChar); });
  }
  uint32_t hex_digits() const {
    return mask([](char byte) { return is(byte, kHexDigit); });
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

/// The bytes of `text` from `from` on, fewer than a block, with zeros behind them.
class PaddedBlock {
 public:
  PaddedBlock(std::string_view text, size_t from) {
    std::memcpy(bytes_.data(), text.data() + from, text.size() - from);
  }
  Block block() const { return Block(bytes_.data()); }

 private:
  std::array<char, Block::kSize> bytes_{};
};

/// The first offset from `from` on that `mask_of(block)` names; the size of `text` if there is none.
template <typename MaskOf>
size_t find_in_blocks(std::string_view text, size_t from, MaskOf mask_of) {
  for (; from + Block::kSize <= text.size(); from += Block::kSize) {
    const uint32_t mask = mask_of(Block(text.data() + from));
    if (mask != 0) return from + static_cast<size_t>(std::countr_zero(mask));
  }
  if (from >= text.size()) return text.size();
  const uint32_t mask = mask_of(PaddedBlock(text, from).block()) | 1u << (text.size() - from);
  return from + static_cast<size_t>(std::countr_zero(mask));
}

/// find_in_blocks() for what most texts do not hold: four blocks at a time.
template <typename MaskOf>
size_t find_rare_in_blocks(std::string_view text, MaskOf mask_of) {
  size_t at = 0;
  for (; at + 4 * Block::kSize <= text.size(); at += 4 * Block::kSize) {
    const char* const bytes = text.data() + at;
    if ((mask_of(Block(bytes)) | mask_of(Block(bytes + Block::kSize)) |
         mask_of(Block(bytes + 2 * Block::kSize)) | mask_of(Block(bytes + 3 * Block::kSize))) != 0) {
      break;
    }
  }
  return find_in_blocks(text, at, mask_of);
}

/// The offset behind the run of letters, digits and dashes that `from` stands in.
inline size_t end_of_run_chars(std::string_view text, size_t from) {
  return find_in_blocks(text, from, [](const Block& block) { return ~block.run_chars() & 0xffff; });
}

/// The offset of the first quote, backslash or control character at or behind `from`; the size of
/// `text` if there is none.
inline size_t find_string_special(std::string_view text, size_t from) {
  return find_in_blocks(text, from, [](const Block& block) { return block.string_special(); });
}

/// The offset of the first blank at or behind `from`; the size of `text` if there is none.
inline size_t find_blank(std::string_view text, size_t from) {
  return find_in_blocks(text, from, [](const Block& block) {
    return block.equal_to(' ') | block.equal_to('\t');
  });
}

/// How many bytes of `text` are equal to `c`.
inline size_t count_in_blocks(std::string_view text, char c) {
  size_t count = 0;
  size_t at = 0;
  for (; at + Block::kSize <= text.size(); at += Block::kSize) {
    count += Block(text.data() + at).count_of(c);
  }
  for (; at < text.size(); ++at) count += text[at] == c ? 1u : 0u;
  return count;
}

/// True if all of `text` are hex digits.
inline bool is_all_hex(std::string_view text) {
  if (text.size() < Block::kSize) return all_of(text, kHexDigit);
  size_t at = 0;
  for (; at + Block::kSize <= text.size(); at += Block::kSize) {
    if (Block(text.data() + at).hex_digits() != 0xffff) return false;
  }
  return Block(text.data() + text.size() - Block::kSize).hex_digits() == 0xffff;
}

}  // namespace gasoline::understand
