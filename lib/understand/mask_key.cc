#include "understand/mask_key.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <string>

namespace gasoline::understand {

namespace {

uint64_t read_little_endian(const char* bytes, size_t size) {
  uint64_t word = 0;
  for (size_t i = 0; i < size; ++i) {
    word |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * i);
  }
  return word;
}

struct SipState {
  uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  }
  void take(uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

bool read_hex(std::string_view digits, uint64_t& value) {
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return error == std::errc() && end == digits.data() + digits.size();
}

}  // namespace

std::optional<MaskKey> MaskKey::parse(std::string_view hex) {
  MaskKey key;
  if (hex.size() < 32 || !read_hex(hex.substr(0, 16), key.low) ||
      !read_hex(hex.substr(16, 16), key.high)) {
    return std::nullopt;
  }
  return key;
}

uint64_t sip_hash(const MaskKey& key, std::string_view text) {
  SipState state{key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d,
                 key.low ^ 0x6c7967656e657261, key.high ^ 0x7465646279746573};
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) state.take(read_little_endian(text.data() + at, 8));
  state.take(read_little_endian(text.data() + at, text.size() - at) |
             static_cast<uint64_t>(text.size()) << 56);
  state.v2 ^= 0xff;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

uint16_t mask_tag(const MaskKey& key, std::string_view secret) {
  if (secret.find('\\') == std::string_view::npos) {
    return static_cast<uint16_t>(sip_hash(key, secret));
  }
  std::string plain;
  plain.reserve(secret.size());
  for (const char c : secret) {
    if (c != '\\') plain.push_back(c);
  }
  return static_cast<uint16_t>(sip_hash(key, plain));
}

}  // namespace gasoline::understand
