#include "base/ids.h"

namespace gasoline {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

UlidText make_ulid(uint64_t epoch_ms, uint16_t high_bits, uint64_t low_bits) noexcept {
  UlidText text;
  const uint64_t high = (epoch_ms << 16) | high_bits;
  // 26 digits hold 130 bits: the first digit carries the top 3 of 128.
  Wide rest = (static_cast<Wide>(high) << 64) | low_bits;
  for (size_t i = text.size(); i-- > 0;) {
    text[i] = kAlphabet[static_cast<size_t>(rest & 31)];
    rest >>= 5;
  }
  return text;
}

bool is_ulid(std::string_view text) noexcept {
  if (text.size() != 26 || text[0] > '7') return false;
  for (const char c : text) {
    if (kAlphabet.find(c) == std::string_view::npos) return false;
  }
  return true;
}

int64_t ulid_time_us(std::string_view text) noexcept {
  if (!is_ulid(text)) return -1;
  int64_t ms = 0;
  for (const char c : text.substr(0, 10)) ms = ms * 32 + static_cast<int64_t>(kAlphabet.find(c));
  return ms * 1000;
}

}  // namespace gasoline
