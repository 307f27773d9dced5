#include "base/crc32c.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline {
namespace {

using Sum = uint32_t (*)(const void*, size_t, uint32_t);

/// The definition, one bit at a time.
uint32_t crc_by_bits(const void* bytes, size_t size) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= at[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

TEST_CASE("the checksums of RFC 3720 come out of both implementations") {
  std::array<unsigned char, 32> rising{};
  for (size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<unsigned char>(i);
  std::array<unsigned char, 32> falling{};
  for (size_t i = 0; i < falling.size(); ++i) falling[i] = static_cast<unsigned char>(31 - i);
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xFF');
  for (const Sum sum : {Sum(&crc32c), Sum(&crc32c_portable)}) {
    CHECK(sum("123456789", 9, 0) == 0xE3069283);
    CHECK(sum("", 0, 0) == 0);
    CHECK(sum(zeros.data(), zeros.size(), 0) == 0x8A9136AA);
    CHECK(sum(ones.data(), ones.size(), 0) == 0x62A8AB43);
    CHECK(sum(rising.data(), rising.size(), 0) == 0x46DD794E);
    CHECK(sum(falling.data(), falling.size(), 0) == 0x113FDB5C);
  }
}

TEST_CASE("both implementations agree with the definition at any length and alignment") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  std::vector<unsigned char> bytes(4096 + 64);
  for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(random.next_u64());
  for (int round = 0; round < 2000; ++round) {
    const size_t offset = random.next_u64() % 64;
    const size_t size = random.next_u64() % (round % 20 == 0 ? 4096 : 80);
    const uint32_t expected = crc_by_bits(bytes.data() + offset, size);
    INFO("offset " << offset << " size " << size);
    REQUIRE(crc32c(bytes.data() + offset, size) == expected);
    REQUIRE(crc32c_portable(bytes.data() + offset, size) == expected);
  }
}

TEST_CASE("a checksum can be built in pieces") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 500; ++round) {
    std::string bytes(random.next_u64() % 200, ' ');
    for (char& byte : bytes) byte = static_cast<char>(random.next_u64());
    const size_t cut = random.next_u64() % (bytes.size() + 1);
    const uint32_t whole = crc32c(bytes.data(), bytes.size());
    const uint32_t first = crc32c(bytes.data(), cut);
    REQUIRE(crc32c(bytes.data() + cut, bytes.size() - cut, first) == whole);
    REQUIRE(crc32c_portable(bytes.data() + cut, bytes.size() - cut, first) == whole);
  }
}

}  // namespace
}  // namespace gasoline
