#include "understand/own_redaction.h"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <string>

#include "fixture.h"

namespace gasoline::understand {
namespace {

struct Rig {
  explicit Rig(std::vector<std::string> regexes) : rules(compile(std::move(regexes))) {}
  static OwnRedactionRules compile(std::vector<std::string> regexes) {
    SilentLog log;
    std::vector<std::string> names;
    for (size_t i = 0; i < regexes.size(); ++i) names.push_back(std::string(1, char('a' + i)));
    auto compiled = OwnRedactionRules::compile(std::move(names), std::move(regexes), "", log);
    REQUIRE(compiled);
    return std::move(*compiled);
  }
  /// With the tags of masks taken away.
  std::string mask(std::string_view text, OwnRedaction::Form form = OwnRedaction::Form::kText) {
    std::string masked(redaction.mask(text, form, arena, count));
    for (size_t at = masked.find('#'); at != std::string::npos; at = masked.find('#', at)) {
      masked.erase(at, 5);
    }
    return masked;
  }
  std::string mask_json(std::string_view text) {
    const std::string masked = mask(text, OwnRedaction::Form::kJson);
    simdjson::dom::parser parser;
    simdjson::dom::element element;
    INFO(masked);
    CHECK(parser.parse(masked).get(element) == simdjson::SUCCESS);
    return masked;
  }

  OwnRedactionRules rules;
  OwnRedaction redaction{rules, MaskKey{1, 2}};
  Arena arena;
  uint64_t count = 0;
};

TEST_CASE("what a rule matches is masked, or what its group named secret holds") {
  Rig rig({R"(\d{6,})", R"(user=(?P<secret>\w+))"});
  CHECK(rig.mask("id 1234567, user=me, id 12") == "id [redacted:a], user=[redacted:b], id 12");
  CHECK(rig.count == 2);
  CHECK(rig.redaction.found().size() == 2);
  CHECK(rig.mask("nothing here") == "nothing here");
  CHECK(rig.count == 2);
}

TEST_CASE("the same secret has the same mask, another one another") {
  Rig rig({R"(\d+)"});
  uint64_t count = 0;
  const std::string text(rig.redaction.mask("11 22 11", OwnRedaction::Form::kText, rig.arena, count));
  const std::string first = text.substr(0, text.find(' '));
  CHECK(text.ends_with(first));
  CHECK(text.find(first, 1) == text.size() - first.size());
}

TEST_CASE("places that overlap become one mask") {
  Rig rig({"abcd", "cdef"});
  CHECK(rig.mask("xabcdefx") == "x[redacted:a]x");
}

TEST_CASE("in JSON values are masked, and it stays JSON") {
  Rig rig({R"(customer=.*)", R"(\d{6,})", R"("pin":\s*"?(?P<secret>\w+))"});
  CHECK(rig.mask_json(R"({"msg":"x customer=me","n":1234567,"k":"v"})") ==
        R"({"msg":"x [redacted:a]","n":"[redacted:b]","k":"v"})");
  CHECK(rig.mask_json(R"({"pin": "ab", "x":[1,{"pin":9}]})") ==
        R"({"pin": "[redacted:c]", "x":[1,{"pin":"[redacted:c]"}]})");
}

TEST_CASE("in JSON anchors hold for a value, and a match over several values masks each") {
  Rig rig({R"(^\d{4}$)", R"(b","c":"d)"});
  CHECK(rig.mask_json(R"({"p":"1234","q":"12345","r":1234})") ==
        R"({"p":"[redacted:a]","q":"12345","r":"[redacted:a]"})");
  CHECK(rig.mask_json(R"({"a":"xb","c":"dx"})") ==
        R"({"a":"x[redacted:b]","[redacted:b]":"[redacted:b]x"})");
}

TEST_CASE("escapes of JSON are never cut in two") {
  Rig rig({"u00", "n", R"(")", R"(\\)", "41"});
  for (const std::string text :
       {R"({"a":"x\u0041y"})", R"({"a":"\n\n"})", R"({"a":"\"x\""})", R"({"a":"\\\\"})",
        R"({"a":"\\n"})", R"({"a":"\\\u0041"})", R"({"an":"n","x":"\\"})"}) {
    INFO(text);
    rig.mask_json(text);
  }
}

TEST_CASE("expressions that match nothing at all mask nothing, and end") {
  Rig rig({"x*", R"(\b)", "^", "$"});
  CHECK(rig.mask("a xx é b") == "a [redacted:a] é b");
}

TEST_CASE("a long text is masked in windows, also where one ends") {
  Rig rig({R"(secret-\d{8})"});
  std::string text;
  size_t count = 0;
  while (text.size() < (1 << 20)) {
    text += std::string(90, '.') + " secret-12345678 ";
    ++count;
  }
  const std::string masked = rig.mask(text);
  CHECK(masked.find("12345678") == std::string::npos);
  CHECK(rig.count >= count / 2);
}

TEST_CASE("a rule that matches without end masks the rest of a window, in linear time") {
  Rig rig({"a.*?b|a"});
  CHECK(rig.mask(std::string(2000, 'a')).find("aa") == std::string::npos);
  const auto time_of = [&](size_t size) {
    const std::string text(size, 'a');
    const auto start = std::chrono::steady_clock::now();
    rig.arena.reset();
    rig.mask(text);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const double small = std::min({time_of(64 << 10), time_of(64 << 10), time_of(64 << 10)});
  const double large = std::min({time_of(512 << 10), time_of(512 << 10)});
  CHECK(large < small * 8 * 6);
}

}  // namespace
}  // namespace gasoline::understand
