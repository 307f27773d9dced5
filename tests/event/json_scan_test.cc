#include "event/json_scan.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <string>

#include "base/random.h"
#include "support/counting_new.h"
#include "support/seed.h"

namespace gasoline::event {
namespace {

/// Makes small JSON documents with spaces in any place where JSON allows them.
class DocumentMaker {
 public:
  explicit DocumentMaker(uint64_t seed) : random_(seed) {}

  std::string object(int depth) {
    std::string text = "{";
    const uint64_t members = random_.next_u64() % 4;
    for (uint64_t i = 0; i < members; ++i) {
      text += (i > 0 ? "," : "") + space() + "\"" + std::string(name()) + "\"" + space() + ":" +
              space() + value(depth) + space();
    }
    return text + space() + "}";
  }
  std::string_view name() {
    constexpr std::string_view kNames[] = {"a", "b", "name", "", "a b", "x{", "y]"};
    return kNames[random_.next_u64() % 7];
  }
  std::string space() {
    constexpr std::string_view kSpaces[] = {"", "", "", " ", "\n", "\t\r "};
    return std::string(kSpaces[random_.next_u64() % 6]);
  }

 private:
  std::string value(int depth) {
    constexpr std::string_view kScalars[] = {"1",        "-2.5e3",       "true",     "null",
                                             "\"text\"", "\"\"",         "\"\\\"\"", "\"}{][,:\"",
                                             "\"\\\\\"", "\"a\\u0041\"", "false",    "0"};
    const uint64_t chance = random_.next_u64() % 10;
    if (depth == 0 || chance < 6) return std::string(kScalars[random_.next_u64() % 12]);
    if (chance < 8) return object(depth - 1);
    std::string text = "[";
    const uint64_t items = random_.next_u64() % 3;
    for (uint64_t i = 0; i < items; ++i)
      text += (i > 0 ? "," : "") + space() + value(depth - 1) + space();
    return text + "]";
  }

  SeededRandom random_;
};

std::string minified(std::string_view json) {
  simdjson::dom::parser parser;
  return simdjson::minify(parser.parse(std::string(json)).value());
}

TEST_CASE("a member is found as a full parser finds it, in random documents") {
  const uint64_t seed = gasoline::test::new_seed();
  INFO(gasoline::test::seed_note(seed));
  DocumentMaker maker(seed);
  simdjson::dom::parser parser;
  int found_members = 0;
  for (int round = 0; round < 5000; ++round) {
    const std::string text = maker.space() + maker.object(3) + maker.space();
    const std::string name(maker.name());
    INFO(text << " / " << name);
    simdjson::dom::element expected;
    const bool is_there = parser.parse(text).at_key(name).get(expected) == simdjson::SUCCESS;
    const auto found = find_member(text, name);
    REQUIRE(found.has_value() == is_there);
    if (!is_there) continue;
    ++found_members;
    REQUIRE(minified(*found) == simdjson::minify(expected));
  }
  CHECK(found_members > 500);
}

TEST_CASE("what is no object, or ends too early, has no members") {
  for (const std::string_view json :
       {"", " ", "5", "[]", "\"a\"", "null", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":{",
        "{\"a\":[1", "{\"a\":\"x", "{\"b\":1 \"a\":2}", "{a:1}", "{\"b\" 1,\"a\":1}",
        "{\"b\":},\"a\":1}", "[{\"a\":1}]", "{\"b\":{\"a\":1}}"}) {
    INFO(json);
    CHECK_FALSE(find_member(json, "a").has_value());
  }
}

TEST_CASE("every prefix of a document is read without a step outside it") {
  const std::string json = R"( {"b":[1,{"c":"\"}"}], "d":{"e":[]},"a" : "\\" } )";
  REQUIRE(find_member(json, "a") == "\"\\\\\"");
  for (size_t size = 0; size < json.size(); ++size) {
    const std::vector<char> exact(json.begin(), json.begin() + static_cast<ptrdiff_t>(size));
    static_cast<void>(find_member({exact.data(), exact.size()}, "a"));
  }
  SUCCEED("a sanitizer would have told");
}

TEST_CASE("finding a member allocates nothing") {
  const std::string json = R"({"some":{"deep":[1,2,3]},"url":"http://127.0.0.1:7890"})";
  const size_t before = gasoline::test::allocations();
  const auto found = find_member(json, "url");
  const size_t after = gasoline::test::allocations();
  CHECK(after == before);
  CHECK(found == R"("http://127.0.0.1:7890")");
}

}  // namespace
}  // namespace gasoline::event
