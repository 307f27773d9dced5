#include "event/json_text.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <limits>
#include <optional>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline::event {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string repaired(std::string_view text) {
  std::string valid;
  append_valid_utf8(valid, text);
  return valid;
}

/// True if `text` could still become one character's encoding: the oracle, by decoding instead of
/// by the Unicode standard's table. A prefix is viable if some completion decodes to a scalar value
/// that needs this length.
bool is_viable_prefix(std::string_view text, size_t size, uint32_t first_bits) {
  uint32_t low = first_bits;
  uint32_t high = first_bits;
  for (size_t i = 1; i < size; ++i) {
    if (i < text.size()) {
      const auto byte = static_cast<uint8_t>(text[i]);
      if ((byte & 0xC0) != 0x80) return false;
      low = (low << 6) | (byte & 0x3F);
      high = (high << 6) | (byte & 0x3F);
    } else {
      low <<= 6;
      high = (high << 6) | 0x3F;
    }
  }
  const uint32_t least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
  if (high < least || low > 0x10FFFF) return false;
  return low < 0xD800 || high > 0xDFFF;  // else all completions are surrogates
}

/// Replaces as Unicode recommends: the longest prefix that could have become a character is one
/// replacement, else a single byte is.
std::string repair_by_decoding(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const auto lead = static_cast<uint8_t>(text[0]);
    size_t size = 1;
    uint32_t bits = lead;
    if (lead >= 0xF0 && lead < 0xF8) {
      size = 4;
      bits = lead & 7U;
    } else if (lead >= 0xE0 && lead < 0xF0) {
      size = 3;
      bits = lead & 15U;
    } else if (lead >= 0xC0 && lead < 0xE0) {
      size = 2;
      bits = lead & 31U;
    }
    if (lead < 0x80) {
      valid.push_back(text[0]);
      text.remove_prefix(1);
      continue;
    }
    size_t fitting = 0;
    while (size > 1 && fitting < std::min(size, text.size()) &&
           is_viable_prefix(text.substr(0, fitting + 1), size, bits)) {
      ++fitting;
    }
    if (size > 1 && fitting == size) {
      valid += text.substr(0, size);
    } else {
      valid += kReplacement;
    }
    text.remove_prefix(std::max<size_t>(fitting, 1));
  }
  return valid;
}

TEST_CASE("the escapes of JSON") {
  CHECK(json_string("") == R"("")");
  CHECK(json_string("plain") == R"("plain")");
  CHECK(json_string("a\"b\\c/d") == R"("a\"b\\c/d")");
  CHECK(json_string("\n\r\t\b\f") == R"("\n\r\t\b\f")");
  CHECK(json_string(std::string("\0\x01\x1f", 3)) == R"("\u0000\u0001\u001f")");
  CHECK(json_string("\x7F") == "\"\x7F\"");
  CHECK(json_string("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80") ==
        "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
}

TEST_CASE("every control character comes back from a JSON parser, wherever it stands") {
  simdjson::dom::parser parser;
  for (int c = 0; c < 128; ++c) {
    for (const size_t offset : {0U, 1U, 15U, 16U, 17U, 31U, 32U}) {
      std::string text(offset, 'x');
      text += static_cast<char>(c);
      text += std::string(20, 'y');
      std::string_view read;
      INFO(c << " at " << offset);
      REQUIRE(parser.parse(json_string(text)).get(read) == simdjson::SUCCESS);
      REQUIRE(read == text);
    }
  }
}

TEST_CASE("ill-formed UTF-8 becomes one U+FFFD for each maximal subpart") {
  struct Row {
    std::string_view bytes;
    std::string expected;
  };
  const std::string r(kReplacement);
  // The first rows are tables 3-8 to 3-11 of the Unicode standard, version 15.
  for (const Row& row :
       {Row{"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", r + r + r + r + r + r + r + r + "A"},
        Row{"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", r + r + r + r + r + r + r + r + "A"},
        Row{"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", r + r + r + r + r + "A" + r + r + "B"},
        Row{"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", r + r + r + r + "A"}, Row{"\x80", r},
        Row{"\xFF", r}, Row{"\xC2", r}, Row{"\xE2\x82", r}, Row{"\xF0\x9F\x98", r},
        Row{"\xF0\x9F\x98x", r + "x"}, Row{"\xC1\xBF", r + r}, Row{"\xF5\x80", r + r},
        Row{"a\xE2\x82z", "a" + r + "z"}, Row{"\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
        Row{"\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80"}}) {
    INFO(json_string(row.expected));
    CHECK(repaired(row.bytes) == row.expected);
    CHECK(json_string(row.bytes) == "\"" + row.expected + "\"");
    CHECK(repair_by_decoding(row.bytes) == row.expected);
    CHECK(is_valid_utf8(row.bytes) == (row.bytes == row.expected));
  }
}

TEST_CASE("all sequences of up to three bytes are repaired as decoding them says") {
  constexpr std::string_view kThird = "\x41\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC2\xED\xF4\xFF";
  for (int first = 0x80; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      for (const char third : kThird) {
        const std::string text{static_cast<char>(first), static_cast<char>(second), third};
        if (repaired(text) != repair_by_decoding(text)) FAIL(first << " " << second);
        if (is_valid_utf8(text) != (repaired(text) == text)) FAIL(first << " " << second);
      }
    }
  }
}

TEST_CASE("random bytes are repaired as decoding them says, and are JSON afterwards") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  simdjson::dom::parser parser;
  constexpr char kHard[] = "\x00\x1F\"\\A\x7F\x80\x8F\x90\xBF\xC2\xE0\xE1\xED\xEF\xF0\xF4";
  for (int round = 0; round < 20000; ++round) {
    std::string text(random.next_u64() % 40, ' ');
    for (char& c : text) {
      c = random.next_u64() % 4 == 0 ? 'x' : kHard[random.next_u64() % (sizeof kHard - 1)];
    }
    const std::string expected = repair_by_decoding(text);
    REQUIRE(repaired(text) == expected);
    REQUIRE(is_valid_utf8(text) == (text == expected));
    std::string_view read;
    REQUIRE(parser.parse(json_string(text)).get(read) == simdjson::SUCCESS);
    REQUIRE(read == expected);
  }
}

TEST_CASE("text is appended, never replaced") {
  std::string to = "before";
  append_json_string(to, "a");
  append_valid_utf8(to, "b\xFF");
  append_json_time_ms(to, 1);
  CHECK(to ==
        "before\"a\"b\xEF\xBF\xBD"
        "0.001");
}

TEST_CASE("times are milliseconds with three decimals") {
  const auto ms = [](int64_t us) {
    std::string text;
    append_json_time_ms(text, us);
    return text;
  };
  CHECK(ms(0) == "0.000");
  CHECK(ms(1) == "0.001");
  CHECK(ms(1'763'700'000'123'456) == "1763700000123.456");
  CHECK(ms(1'763'700'000'000'000) == "1763700000000.000");
  CHECK(ms(-1) == "-0.001");
  CHECK(ms(-1'500'000) == "-1500.000");
  CHECK(ms(std::numeric_limits<int64_t>::max()) == "9223372036854775.807");
  CHECK(ms(std::numeric_limits<int64_t>::min()) == "-9223372036854775.808");
}

}  // namespace
}  // namespace gasoline::event
