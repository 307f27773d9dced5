#include "pattern/user_patterns.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "base/log.h"

namespace gasoline::pattern {
namespace {

UserPatterns compile(const std::vector<std::string>& regexes) {
  SilentLog log;
  auto patterns = UserPatterns::compile(regexes, "", log);
  REQUIRE(patterns);
  return std::move(*patterns);
}

TEST_CASE("a good expression is good, and tells its named groups in either spelling") {
  const RegexVerdict verdict =
      check_regex(R"(^(?P<timestamp>\S+) (?<level>[A-Z]+) (x) [(?<a>] \(?<b> (?<message>.*)$)");
  INFO(verdict.what);
  CHECK(verdict.is_good);
  CHECK(verdict.what.empty());
  CHECK(verdict.groups == std::vector<std::string>{"timestamp", "level", "message"});
}

TEST_CASE("an expression that RE2 refuses is refused, with the place where that is known") {
  const RegexVerdict open = check_regex("abc(def");
  CHECK_FALSE(open.is_good);
  CHECK(open.what.find("missing )") != std::string::npos);
  const RegexVerdict escape = check_regex(R"(ab\Zc)");
  CHECK_FALSE(escape.is_good);
  CHECK(escape.character == 3);
  CHECK(check_regex("a(?=b)").what.find("look-around") != std::string::npos);
  CHECK(check_regex(R"((a)\1)").what.find("back references") != std::string::npos);
  CHECK_FALSE(check_regex("x{2000}").is_good);
  CHECK_FALSE(check_regex(std::string(5000, 'a')).is_good);
  CHECK_FALSE(check_regex(std::string("a\0b", 3)).is_good);
  std::string groups;
  for (int i = 0; i < 33; ++i) groups += "(a)";
  CHECK(check_regex(groups).what.find("32 groups") != std::string::npos);
  CHECK_FALSE(check_regex("(?P<a>x)(?P<a>y)").is_good);
}

TEST_CASE("what Hyperscan cannot take is good with a note, and is found all the same") {
  const std::string slow = R"((?U)a\C+b)";
  const RegexVerdict verdict = check_regex(slow);
  CHECK(verdict.is_good);
  CHECK(verdict.what.find("RE2") != std::string::npos);
  const UserPatterns patterns = compile({slow, "zz"});
  UserPatterns::Memory memory(patterns);
  REQUIRE(patterns.scan("xaxxb", memory));
  CHECK(patterns.may_occur(0, memory));
  CHECK_FALSE(patterns.may_occur(1, memory));
  REQUIRE(patterns.find(0, "xaxxb", 0, 5, memory));
  CHECK(memory.groups[0] == "axxb");
}

TEST_CASE("the patterns that occur are found with their places and groups") {
  const UserPatterns patterns = compile({R"(user=(?P<name>\w+)(?: (?P<rest>x))?)", "^ä.ü$", ""});
  CHECK(patterns.size() == 3);
  CHECK(patterns.group_names(0) == std::vector<std::string>{"name", "rest"});
  UserPatterns::Memory memory(patterns);
  const std::string text = "a user=me, user=you x";
  REQUIRE(patterns.scan(text, memory));
  CHECK(patterns.may_occur(0, memory));
  CHECK_FALSE(patterns.may_occur(1, memory));
  CHECK(patterns.may_occur(2, memory));
  REQUIRE(patterns.find(0, text, 0, text.size(), memory));
  CHECK(memory.groups[0] == "user=me");
  CHECK(memory.groups[1] == "me");
  CHECK(memory.groups[2].data() == nullptr);
  REQUIRE(patterns.find(0, text, 9, text.size(), memory));
  CHECK(memory.groups[2] == "x");
  CHECK_FALSE(patterns.find(0, text, 12, text.size(), memory));
  REQUIRE(patterns.scan("äöü", memory));
  CHECK(patterns.may_occur(1, memory));
}

TEST_CASE("whatever RE2 finds in a text, the scan has announced") {
  const std::vector<std::string> regexes = {R"(\d{3}$)", R"(^\s*$)",        R"((?i)ERROR|warn)",
                                            R"(\bx\b)",  R"([^\x00-\x7f])", R"(a.*?b|c)",
                                            R"((?s)a.b)", R"(\pL{4})",      R"(x*)"};
  const UserPatterns patterns = compile(regexes);
  UserPatterns::Memory memory(patterns);
  for (const std::string text : {"", " ", "123", "123\n", "a\nb", "eRRor x", "äöüß", "acb", "\v"}) {
    patterns.scan(text, memory);
    std::vector<bool> announced;
    for (size_t i = 0; i < regexes.size(); ++i) announced.push_back(patterns.may_occur(i, memory));
    for (size_t i = 0; i < regexes.size(); ++i) {
      // An empty text holds nothing to be found, and is not scanned.
      if (text.empty() || !patterns.find(i, text, 0, text.size(), memory)) continue;
      INFO(regexes[i] << " in '" << text << "'");
      CHECK(announced[i]);
    }
  }
}

}  // namespace
}  // namespace gasoline::pattern
