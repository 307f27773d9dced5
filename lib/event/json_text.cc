#include "event/json_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gasoline::event {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// Length of the well-formed sequence at the front of `text` (0 if ill-formed), and in `bad` the
/// length of the maximal ill-formed run to replace. Table 3-7 of the Unicode standard.
size_t sequence_size(std::string_view text, size_t& bad) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  bad = 1;
  if (lead < 0x80) return 1;
  size_t size = 0;
  uint8_t least = 0x80;
  uint8_t most = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    if (lead == 0xE0) least = 0xA0;
    if (lead == 0xED) most = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    if (lead == 0xF0) least = 0x90;
    if (lead == 0xF4) most = 0x8F;
  } else {
    return 0;
  }
  for (size_t i = 1; i < size; ++i) {
    if (i >= text.size() || byte(i) < least || byte(i) > most) return 0;
    least = 0x80;
    most = 0xBF;
    bad = i + 1;
  }
  return size;
}

/// Bytes at the front of `text` that stand for themselves in a JSON string: printable ASCII other
/// than the quote and the backslash.
size_t plain_prefix(std::string_view text) {
  size_t at = 0;
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(' ');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    // Signed comparison: bytes from 0x80 up count as below the space and are found as well.
    const __m128i special =
        _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
    if (mask != 0) return at + static_cast<size_t>(__builtin_ctz(mask));
  }
#endif
  for (; at < text.size(); ++at) {
    const auto c = static_cast<uint8_t>(text[at]);
    if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\') break;
  }
  return at;
}

void append_escaped(std::string& to, char c) {
  switch (c) {
    case '"':
      to += "\\\"";
      return;
    case '\\':
      to += "\\\\";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    case '\b':
      to += "\\b";
      return;
    case '\f':
      to += "\\f";
      return;
    default:
      break;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto value = static_cast<uint8_t>(c);
  const std::array<char, 6> escape{'\\', 'u', '0', '0', kHex[value >> 4], kHex[value & 15]};
  to.append(escape.data(), escape.size());
}

}  // namespace

void append_json_string(std::string& to, std::string_view text) {
  to.push_back('"');
  while (!text.empty()) {
    const size_t plain = plain_prefix(text);
    to.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    if (static_cast<uint8_t>(text[0]) < 0x80) {
      append_escaped(to, text[0]);
      text.remove_prefix(1);
      continue;
    }
    size_t bad = 0;
    const size_t good = sequence_size(text, bad);
    if (good > 0) {
      to.append(text.data(), good);
    } else {
      to += kReplacement;
    }
    text.remove_prefix(good > 0 ? good : bad);
  }
  to.push_back('"');
}

void append_json_time_ms(std::string& to, int64_t us) {
  // Times before 1970 are possible in input; the sign belongs to the whole number.
  if (us < 0) to.push_back('-');
  const uint64_t magnitude = us < 0 ? ~static_cast<uint64_t>(us) + 1 : static_cast<uint64_t>(us);
  fmt::format_to(std::back_inserter(to), "{}.{:03}", magnitude / 1000, magnitude % 1000);
}

void append_valid_utf8(std::string& to, std::string_view text) {
  if (is_valid_utf8(text)) {
    to.append(text);
    return;
  }
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    size_t bad = 0;
    const size_t good = sequence_size(text.substr(at), bad);
    if (good > 0) {
      at += good;
      continue;
    }
    to.append(text.data() + begin, at - begin);
    to += kReplacement;
    at += bad;
    begin = at;
  }
  to.append(text.data() + begin, text.size() - begin);
}

bool is_valid_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace gasoline::event
