#include "event/correlation_id.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"
#include "event/event.h"
#include "support/seed.h"

namespace gasoline::event {
namespace {

/// The normal form; empty for what is no id.
std::string normal(std::string_view id) {
  std::array<char, kCorrelationIdSizeMax> bytes{};
  const size_t size = normalize_correlation_id(id, bytes.data(), bytes.size());
  REQUIRE(size <= bytes.size());
  return {bytes.data(), size};
}

TEST_CASE("all the ways to write one 128-bit id are one id") {
  const std::string expected = "4bf92f3577b34da6a3ce929d0e0e4736";
  for (const std::string_view id :
       {"4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736",
        "4bf92f3577b34da6a3ce929d0e0e4736", "4BF92F3577B34DA6A3CE929D0E0E4736",
        "{4bf92f35-77b3-4da6-a3ce-929d0e0e4736}", "urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
        "URN:UUID:4BF92F35-77B3-4DA6-A3CE-929D0E0E4736", "\"4bf92f35-77b3-4da6-a3ce-929d0e0e4736\"",
        "'{4bf92f35-77b3-4da6-a3ce-929d0e0e4736}'", "{4bf92f3577b34da6a3ce929d0e0e4736}",
        "\"urn:uuid:{4bf92f3577b34da6a3ce929d0e0e4736}\"",
        "{urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736}"}) {
    INFO(id);
    CHECK(normal(id) == expected);
  }
}

TEST_CASE("other ids are compared in lower case and keep their dashes") {
  struct Row {
    std::string_view id;
    std::string_view normal;
  };
  for (const Row& row :
       {Row{"req-1", "req-1"}, Row{"REQ_7.a:B/c", "req_7.a:b/c"}, Row{"a", "a"}, Row{"0a", "0a"},
        Row{"1-5759e988-bd862e3fe1be46a994272793", "1-5759e988-bd862e3fe1be46a994272793"},
        // A dash in the wrong place, or a digit too few, is no UUID.
        Row{"4bf92f357-7b3-4da6-a3ce-929d0e0e4736", "4bf92f357-7b3-4da6-a3ce-929d0e0e4736"},
        Row{"4bf92f35-77b3-4da6-a3ce-929d0e0e473", "4bf92f35-77b3-4da6-a3ce-929d0e0e473"},
        Row{"gbf92f35-77b3-4da6-a3ce-929d0e0e4736", "gbf92f35-77b3-4da6-a3ce-929d0e0e4736"},
        Row{"{half", "{half"}, Row{"urn:uuid:", "urn:uuid:"}, Row{"urn:other:x", "urn:other:x"},
        Row{"\"", "\""}, Row{"~!@#$%^&*()", "~!@#$%^&*()"}}) {
    INFO(row.id);
    CHECK(normal(row.id) == row.normal);
  }
}

TEST_CASE("what cannot be an id has no normal form") {
  const std::string longest(kCorrelationIdSizeMax, 'a');
  CHECK(normal(longest) == longest);
  CHECK(normal(longest + "a").empty());
  CHECK(normal(std::string(1'000'000, '{') + std::string(1'000'000, '}')).empty());
  for (const std::string& id :
       {std::string(), std::string("0"), std::string("00000000-0000-0000-0000-000000000000"),
        std::string(32, '0'), std::string("{00000000-0000-0000-0000-000000000000}"),
        std::string("urn:uuid:00000000-0000-0000-0000-000000000000"), std::string("-"),
        std::string("---"), std::string("a b"), std::string(" a"), std::string("a "),
        std::string("a\tb"), std::string("a\n"), std::string("a\0b", 3), std::string("\x7F"),
        std::string("caf\xC3\xA9"), std::string("\"\""), std::string("{}"), std::string("''")}) {
    INFO("'" << id << "'");
    CHECK(normal(id).empty());
  }
}

TEST_CASE("nothing is written past the capacity") {
  std::array<char, 8> bytes{};
  bytes.fill('#');
  CHECK(normalize_correlation_id("abcdef", bytes.data(), 5) == 0);
  CHECK(bytes[0] == '#');
  CHECK(normalize_correlation_id("abcdef", bytes.data(), 6) == 6);
  CHECK(bytes[6] == '#');
}

TEST_CASE("an id in normal form is its own normal form") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  SeededRandom random(seed);
  constexpr std::array<std::string_view, 12> kParts{
      "{", "}", "\"", "'", "urn:uuid:", "URN:uuid:",
      "0", "-", "A",  "f", "Zz",        "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736"};
  for (int round = 0; round < 20000; ++round) {
    std::string id;
    for (size_t n = random.next_u64() % 8; n > 0; --n)
      id += kParts[random.next_u64() % kParts.size()];
    const std::string once = normal(id);
    INFO(id);
    if (!once.empty()) REQUIRE(normal(once) == once);
    REQUIRE((once.empty() || is_correlation_id(once)));
  }
}

TEST_CASE("an id is 1 to 128 printable characters and never all zeros") {
  for (int c = 0; c < 256; ++c) {
    const std::string id = std::string("x") + static_cast<char>(c);
    INFO(c);
    CHECK(is_correlation_id(id) == (c > ' ' && c <= '~'));
  }
  CHECK(is_correlation_id(std::string(128, 'x')));
  CHECK_FALSE(is_correlation_id(std::string(129, 'x')));
  CHECK_FALSE(is_correlation_id(""));
  CHECK_FALSE(is_correlation_id("0000-0000"));
  CHECK(is_correlation_id("0000-0001"));
}

}  // namespace
}  // namespace gasoline::event
