#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gasoline {

/// Little-endian integers in byte buffers of any alignment, as every format of ours stores them.
template <typename Integer>
inline Integer load_le(const void* from) {
  static_assert(std::endian::native == std::endian::little, "big-endian hosts need a byte swap here");
  Integer value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <typename Integer>
inline void store_le(void* to, Integer value) {
  static_assert(std::endian::native == std::endian::little, "big-endian hosts need a byte swap here");
  std::memcpy(to, &value, sizeof value);
}

/// Appends an unsigned LEB128 integer: 7 bits a byte, lowest first, the high bit says "more".
inline void append_varint(std::string& to, uint64_t value) {
  while (value >= 0x80) {
    to.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  to.push_back(static_cast<char>(value));
}

inline constexpr size_t kVarintSizeMax = 10;

/// Writes what append_varint() appends to `to`, which has room for kVarintSizeMax bytes. Returns
/// where it ends.
inline char* put_varint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

/// Likewise what append_sized() appends.
inline char* put_sized(char* to, std::string_view bytes) {
  to = put_varint(to, bytes.size());
  return to + bytes.copy(to, bytes.size());
}

/// Takes a LEB128 integer off the front of `from`. False, with `from` unchanged, if the bytes end
/// too early or the number does not fit 64 bits.
inline bool take_varint(std::string_view& from, uint64_t& value) {
  uint64_t sum = 0;
  for (size_t i = 0; i < from.size() && i < kVarintSizeMax; ++i) {
    const auto byte = static_cast<uint8_t>(from[i]);
    if (i == 9 && byte > 1) return false;
    sum |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) == 0) {
      from.remove_prefix(i + 1);
      value = sum;
      return true;
    }
  }
  return false;
}

/// Appends a varint length and the bytes.
inline void append_sized(std::string& to, std::string_view bytes) {
  append_varint(to, bytes.size());
  to.append(bytes);
}

/// Takes what append_sized wrote. False if the bytes end too early.
inline bool take_sized(std::string_view& from, std::string_view& bytes) {
  uint64_t size = 0;
  std::string_view rest = from;
  if (!take_varint(rest, size) || size > rest.size()) return false;
  bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  from = rest;
  return true;
}

}  // namespace gasoline
