#include "understand/json_walk.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "event/json_text.h"

namespace gasoline::understand {
namespace {

class Recorder final : public JsonWalk::Visitor {
 public:
  void scalar(const JsonPlace& place, JsonType, std::string_view value) override {
    scalars.push_back(std::to_string(place.depth) + " " + std::string(place.parent) + "." +
                      std::string(place.key) + (place.in_array ? "[]=" : "=") + std::string(value));
  }
  void member(std::string_view key, JsonType, std::string_view raw, bool portable) override {
    not_portable += portable ? 0 : 1;
    members.push_back(std::string(key) + ":" + std::string(raw));
  }
  size_t not_portable = 0;
  std::vector<std::string> scalars;
  std::vector<std::string> members;
};

size_t walked(std::string_view text) {
  Recorder recorder;
  return JsonWalk::walk(text, recorder);
}

TEST_CASE("a walk tells members of the outermost object and scalars with their place") {
  Recorder recorder;
  const std::string text =
      R"({ "a":1, "b":{"c":"x","d":{"e":null}}, "f":["g",{"h":true}], "i":{} } tail)";
  CHECK(JsonWalk::walk(text, recorder) == text.size() - 5);
  CHECK(recorder.members == std::vector<std::string>{"a:1", R"(b:{"c":"x","d":{"e":null}})",
                                                     R"(f:["g",{"h":true}])", "i:{}"});
  CHECK(recorder.scalars ==
        std::vector<std::string>{"1 .a=1", "2 b.c=x", "3 d.e=null", "1 .f[]=g", "3 .h[]=true"});
}

TEST_CASE("what is not strict JSON is refused whole") {
  for (const char* text : {"",
                           "[]",
                           "{",
                           "{]",
                           R"({"a")",
                           R"({"a":})",
                           R"({"a":1,})",
                           R"({,"a":1})",
                           R"({"a":01})",
                           R"({"a":1.})",
                           R"({"a":.5})",
                           R"({"a":+1})",
                           R"({"a":1e})",
                           R"({"a":NaN})",
                           R"({a:1})",
                           R"({'a':1})",
                           R"({"a":"\x"})",
                           R"({"a":"\u12g4"})",
                           "{\"a\":\"\n\"}",
                           R"({"a":[1,]})",
                           R"({"a":[,1]})",
                           R"({"a":truee})",
                           R"({"a":1 "b":2})",
                           R"({"a":"x)"}) {
    INFO(text);
    CHECK(walked(text) == 0);
  }
}

TEST_CASE("nesting is followed to its limit and no further") {
  const auto nested = [](size_t depth) {
    std::string text;
    for (size_t i = 0; i < depth; ++i) text += R"({"a":)";
    text += "1" + std::string(depth, '}');
    return text;
  };
  CHECK(walked(nested(JsonWalk::kDepthMax)) == nested(JsonWalk::kDepthMax).size());
  CHECK(walked(nested(JsonWalk::kDepthMax + 1)) == 0);
}

TEST_CASE("strings are taken out of their escapes") {
  Arena arena;
  CHECK(unescape_json(R"(plain)", arena) == "plain");
  CHECK(unescape_json(R"(a\"b\\c\/d\n\t)", arena) == "a\"b\\c/d\n\t");
  CHECK(unescape_json(R"(\u0041\u00e9\u20ac)", arena) == "A\xc3\xa9\xe2\x82\xac");
  CHECK(unescape_json(R"(\ud83d\ude00)", arena) == "\xf0\x9f\x98\x80");
  CHECK(unescape_json(R"(\ud83d!)", arena) == "\xef\xbf\xbd!");
  CHECK(walked(R"({"a":"\ud83d\ude00"})") > 0);
  CHECK(walked(R"({"a":"\ud83d"})") == 0);
  CHECK(walked(R"({"a":"\ude00\ud83d"})") == 0);
}

TEST_CASE("numbers that other readers refuse are told, whatever they are nested in") {
  for (const char* text :
       {R"({"a":1e999})", R"({"a":99999999999999999999})", R"({"a":[{"b":1e-400}]})"}) {
    Recorder recorder;
    CHECK(JsonWalk::walk(text, recorder) > 0);
    CHECK(recorder.not_portable == 1);
  }
  Recorder recorder;
  CHECK(JsonWalk::walk(R"({"a":1795228626115000000,"c":0.47716500000001364,"b":[1.5e10,-1]})",
                       recorder) > 0);
  CHECK(recorder.not_portable == 0);
}

/// Changes, drops or doubles a few bytes of a document.
std::string mutated(std::string text, Random& random) {
  constexpr std::string_view kBytes = "{}[]\",:\\truefalsn0123456789.eE+- \tu";
  const uint64_t changes = 1 + random.next_u64() % 3;
  for (uint64_t i = 0; i < changes && !text.empty(); ++i) {
    const size_t at = random.next_u64() % text.size();
    const char byte = kBytes[random.next_u64() % kBytes.size()];
    switch (random.next_u64() % 3) {
      case 0:
        text[at] = byte;
        break;
      case 1:
        text.erase(at, 1);
        break;
      default:
        text.insert(at, 1, byte);
    }
  }
  return text;
}

TEST_CASE("the walk and simdjson agree on what a JSON object is") {
  const std::vector<std::string> seeds = {
      R"({"level":30,"time":1795228626115,"req":{"id":"a","h":["b",1.5e3]},"ok":true,"n":null,"msg":"x\n\u0041"})",
      R"({"a":{"b":{"c":[[],{},[1,[2]]]}},"d":-0.0,"e":""})", R"( {"a" : [ 1 , 2 ] } )"};
  const uint64_t seed = 20261121;
  INFO("seed " << seed);
  SeededRandom random(seed);
  simdjson::dom::parser parser;
  size_t accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    const std::string text = mutated(seeds[random.next_u64() % seeds.size()], random);
    const size_t start = std::min(text.find_first_not_of(" \t"), text.size());
    simdjson::dom::element element;
    const simdjson::error_code error = parser.parse(text).get(element);
    const bool object = error == simdjson::SUCCESS && element.is_object();
    const size_t end = walked(std::string_view(text).substr(start));
    const bool whole = end > 0 && text.find_first_not_of(" \t", start + end) == std::string::npos;
    accepted += whole ? 1 : 0;
    INFO(text);
    // Numbers too large for a machine word are JSON all the same.
    const bool stricter = error == simdjson::NUMBER_ERROR;
    if (object) {
      REQUIRE(whole);
    } else if (!stricter) {
      REQUIRE_FALSE(whole);
    }
  }
  CHECK(accepted > 1000);
}

}  // namespace
}  // namespace gasoline::understand
