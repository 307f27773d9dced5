#include "pattern/text_matcher.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <thread>
#include <string>
#include <vector>

#include "base/random.h"

namespace gasoline::pattern {
namespace {

bool matches(std::string_view regex, std::string_view text, bool ignores_case = false) {
  const Result<TextMatcher> matcher = TextMatcher::compile(regex, ignores_case);
  REQUIRE(matcher.has_value());
  return matcher->matches(text);
}

std::string why_not(std::string_view regex) {
  const Result<TextMatcher> matcher = TextMatcher::compile(regex, false);
  REQUIRE_FALSE(matcher.has_value());
  CHECK(matcher.error().code == Error::kInvalid);
  return matcher.error().detail;
}

TEST_CASE("an expression matches anywhere, by characters and by lines") {
  CHECK(matches("time.?out", "a timeout after 3 s"));
  CHECK(matches("^GET /[a-z]+ 5\\d\\d$", "GET /cart 503"));
  CHECK_FALSE(matches("^GET", "POST, not GET"));
  CHECK(matches("^  at ", "Error: x\n  at foo (a.js:1)"));
  CHECK(matches("caf.$", "café"));
  CHECK_FALSE(matches("caf..$", "café"));
  CHECK(matches("ERROR", "an Error", true));
  CHECK_FALSE(matches("ERROR", "an Error"));
  CHECK(matches("(?i)ERROR", "an Error"));
  CHECK(matches("^$", ""));
  CHECK(matches(".*", ""));
  CHECK(matches("a*", "b"));
}

TEST_CASE("a bad expression is refused with its place and the reason") {
  CHECK(why_not("ab(c") ==
        "at character 3: Missing close parenthesis for group started at index 2");
  CHECK(why_not("é[z-a]").starts_with("at character 5: Range out of order"));
  CHECK(why_not("(?=a)b").find("Zero-width assertions") != std::string::npos);
  CHECK(why_not("(a)\\1").find("eferences") != std::string::npos);
  CHECK(why_not("") == "it is empty");
  CHECK(why_not(std::string("a\0b", 3)).starts_with("at character 2: a NUL byte"));
  CHECK(why_not("\xff\xfe").find("UTF-8") != std::string::npos);
  CHECK(why_not(std::string(TextMatcher::kRegexSizeMax + 1, 'a')).find("1024 bytes") !=
        std::string::npos);
}

TEST_CASE("what would take seconds to compile is refused before it is tried") {
  for (const char* regex : {".{30000}", "((.{1,100}){1,100}x){1,50}", "(a|bc){99999999999999999999}",
                            "(((.{10}){10}){10}x)", "([^]a]{30}){30}"}) {
    CAPTURE(regex);
    CHECK(why_not(regex).find("repeats amount") != std::string::npos);
  }
  CHECK(unrolled_size("a{2}(bc){3}[x-z]{4}\\d{5}", 1000) == 2 + 6 + 4 + 5);
  CHECK(unrolled_size("a{x}b{2,}c{1,7}(((", 1000) == 4 + 2 + 7);
  CHECK(unrolled_size("[(]{3}\\({2}", 1000) == 5);
  CHECK(unrolled_size(std::string(200, '(') + "a", 1000) <= 1000);
}

/// The texts that the line scan finds: where it is not sure of one, that matches by itself too.
std::set<size_t> found_in_lines(const TextMatcher& matcher, const std::vector<std::string>& texts) {
  std::string joined;
  std::vector<size_t> ends;
  for (const std::string& text : texts) {
    joined += text + "\n";
    ends.push_back(joined.size());
  }
  std::set<size_t> found;
  for (size_t next = 0; next < texts.size();) {
    const size_t begin = next == 0 ? 0 : ends[next - 1];
    const size_t end = matcher.find_in_lines(std::string_view(joined).substr(begin));
    if (end == TextMatcher::kNone) break;
    const auto at = static_cast<size_t>(
        std::lower_bound(ends.begin(), ends.end(), begin + end) - ends.begin());
    REQUIRE(at >= next);
    if (matcher.is_sure_in_lines() || matcher.matches(texts[at])) found.insert(at);
    next = at + 1;
  }
  return found;
}

TEST_CASE("looking through joined texts finds what looking at each finds") {
  const uint64_t seed = std::random_device()();
  CAPTURE(seed);
  SeededRandom random(seed);
  const std::vector<std::string> words = {"a", "bb", "é", "\n", " ", "time", "out", "5", "x=1", "A"};
  const std::vector<std::string> expressions = {
      "time",  "a.?bb", "^a",     "out$",    "[^a]b", "\\s5",    "(?i)a{2}", "é.",     "\\bbb\\b",
      "[a-z ]+5", "\\S+ \\w", "e.*t|\\d$", "[[:space:]]a", "\\x0a5", "t\n", "[!-~]{3}", "\\pL5",
      "a|out", "\\D5",  "a\\s+b", "^é.*5$",  "[^5]$", "x=\\d+",  "(?:a|bb)+out", "b\\B", "\\W\\W"};
  for (const std::string& expression : expressions) {
    CAPTURE(expression);
    const Result<TextMatcher> matcher = TextMatcher::compile(expression, false);
    REQUIRE(matcher.has_value());
    REQUIRE(matcher->can_find_in_lines());
    for (int round = 0; round < 20; ++round) {
      std::vector<std::string> texts(50);
      std::set<size_t> expected;
      for (size_t i = 0; i < texts.size(); ++i) {
        for (uint64_t n = random.next_u64() % 6; n > 0; --n) {
          texts[i] += words[random.next_u64() % words.size()];
        }
        if (matcher->matches(texts[i])) expected.insert(i);
      }
      REQUIRE(found_in_lines(*matcher, texts) == expected);
    }
  }
}

TEST_CASE("what speaks of the text's own ends, or matches nothing at all, is looked at one by one") {
  for (const char* regex : {"\\Afoo", "foo\\z", "(?-m)^foo", "a*", "^$"}) {
    CAPTURE(regex);
    const Result<TextMatcher> matcher = TextMatcher::compile(regex, false);
    REQUIRE(matcher.has_value());
    CHECK_FALSE(matcher->can_find_in_lines());
  }
}

TEST_CASE("a match is known to stay in its line where nothing in the expression can hold a LF") {
  for (const char* regex : {"time.*out", "a|b", "user=\\d+\\b", "^[a-z_]+ \\w\\.", "\\S+\\t\\[x\\]"}) {
    CAPTURE(regex);
    CHECK(TextMatcher::compile(regex, false)->is_sure_in_lines());
  }
  for (const char* regex : {"a\\s", "[^b]c", "\\W", "\\D", "a\nb", "\\x0ab", "[\\s5]b", "[[:cntrl:]]b",
                            "\\n", "\\Qa\nb\\E", "\\P{L}", "a\\\n"}) {
    CAPTURE(regex);
    const Result<TextMatcher> matcher = TextMatcher::compile(regex, false);
    if (matcher) CHECK_FALSE(matcher->is_sure_in_lines());
  }
}

TEST_CASE("a twin finds the same on another thread") {
  const Result<TextMatcher> matcher = TextMatcher::compile("b+ \\d", false);
  REQUIRE(matcher.has_value());
  std::optional<TextMatcher> twin = matcher->make_twin();
  REQUIRE(twin.has_value());
  bool twin_finds = false;
  std::thread other([&] { twin_finds = twin->matches("abb 5") && !twin->matches("ab5"); });
  CHECK(matcher->find_in_lines("a\nab 7 b\n") == 6);
  CHECK(matcher->find_in_lines("a\nb\n7\n") == TextMatcher::kNone);
  other.join();
  CHECK(twin_finds);
}

}  // namespace
}  // namespace gasoline::pattern
