#include "base/bytes.h"

#include <array>
#include <catch2/catch.hpp>
#include <limits>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

std::string varint(uint64_t value) {
  std::string bytes;
  append_varint(bytes, value);
  return bytes;
}

TEST_CASE("integers are stored lowest byte first, at any alignment") {
  std::array<unsigned char, 16> bytes{};
  for (size_t offset = 0; offset < 8; ++offset) {
    store_le<uint64_t>(bytes.data() + offset, 0x0102030405060708);
    CHECK(bytes[offset] == 8);
    CHECK(bytes[offset + 7] == 1);
    CHECK(load_le<uint64_t>(bytes.data() + offset) == 0x0102030405060708);
    CHECK(load_le<uint16_t>(bytes.data() + offset) == 0x0708);
  }
}

TEST_CASE("a varint has seven bits a byte, lowest first") {
  CHECK(varint(0) == std::string(1, '\0'));
  CHECK(varint(127) == "\x7F");
  CHECK(varint(128) == "\x80\x01");
  CHECK(varint(300) == "\xAC\x02");
  CHECK(varint(16383) == "\xFF\x7F");
  CHECK(varint(16384) == "\x80\x80\x01");
  CHECK(varint(kMost) == "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
}

TEST_CASE("varints of every length come back, with what follows left alone") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int i = 0; i < 5000; ++i) {
    const uint64_t value = random.next_u64() >> (random.next_u64() % 64);
    const std::string bytes = varint(value) + "rest";
    std::string_view from = bytes;
    uint64_t taken = 0;
    REQUIRE(take_varint(from, taken));
    REQUIRE(taken == value);
    REQUIRE(from == "rest");
  }
}

TEST_CASE("a varint that ends too early is refused and nothing moves") {
  for (const uint64_t value : {uint64_t{128}, uint64_t{1} << 35, kMost}) {
    const std::string whole = varint(value);
    for (size_t size = 0; size < whole.size(); ++size) {
      std::string_view from(whole.data(), size);
      uint64_t taken = 42;
      CHECK_FALSE(take_varint(from, taken));
      CHECK(from.size() == size);
      CHECK(taken == 42);
    }
  }
}

TEST_CASE("a varint over 64 bits is refused") {
  const std::string nine(9, '\xFF');
  for (const std::string& bytes :
       {nine + "\x02", nine + "\x7F", nine + "\x81\x01", nine + "\xFF\x01", std::string(20, '\x80'),
        std::string(10, '\x80') + '\x01'}) {
    std::string_view from = bytes;
    uint64_t taken = 42;
    CHECK_FALSE(take_varint(from, taken));
    CHECK(from == bytes);
    CHECK(taken == 42);
  }
  std::string_view most = "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01";
  uint64_t taken = 0;
  CHECK(take_varint(most, taken));
  CHECK(taken == kMost);
}

TEST_CASE("sized bytes come back, empty ones and zeros too") {
  const std::string zeros(3, '\0');
  std::string bytes;
  for (const std::string_view text :
       {std::string_view(), std::string_view("abc"), std::string_view(zeros)}) {
    append_sized(bytes, text);
  }
  append_sized(bytes, std::string(300, 'x'));
  std::string_view from = bytes;
  std::string_view taken = "old";
  REQUIRE(take_sized(from, taken));
  CHECK(taken.empty());
  REQUIRE(take_sized(from, taken));
  CHECK(taken == "abc");
  REQUIRE(take_sized(from, taken));
  CHECK(taken == zeros);
  REQUIRE(take_sized(from, taken));
  CHECK(taken == std::string(300, 'x'));
  CHECK(from.empty());
}

TEST_CASE("sized bytes that are cut, or claim more than there is, are refused and nothing moves") {
  std::string whole;
  append_sized(whole, std::string(200, 'x'));
  for (size_t size = 0; size < whole.size(); ++size) {
    std::string_view from(whole.data(), size);
    std::string_view taken = "old";
    REQUIRE_FALSE(take_sized(from, taken));
    REQUIRE(from.size() == size);
    REQUIRE(taken == "old");
  }
  const std::string huge = varint(kMost) + "abc";
  std::string_view from = huge;
  std::string_view taken;
  CHECK_FALSE(take_sized(from, taken));
  CHECK(from == huge);
}

}  // namespace
}  // namespace gasoline
