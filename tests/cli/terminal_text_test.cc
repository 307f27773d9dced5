#include "terminal_text.h"

#include <catch2/catch.hpp>

namespace gasoline::cli {
namespace {

TEST_CASE("nothing in a message can move the cursor, ring or recolour") {
  CHECK(make_safe("\x1b[31mred\x1b[0m", true) == "red");
  CHECK(make_safe("\x1b]0;title\x07", true) == "\\x1b]0;title\\x07");
  CHECK(make_safe("a\rb", true) == "a\\rb");
  CHECK(make_safe("a\xc2\x9b"
                  "2Jb",
                  true) == "a\\x9b2Jb");
  CHECK(make_safe("\xe2\x80\xae"
                  "evil",
                  true) == "\\u202eevil");
  CHECK(make_safe("\x1b[", true) == "\\x1b[");
  CHECK(make_safe(std::string_view("a\0b", 3), true) == "a\\x00b");
  // The beginning of a character of three bytes does not take the escape along.
  CHECK(make_safe("\xe2\x1b]0;x", true) == "\xe2\\x1b]0;x");
}

TEST_CASE("line feeds stay where they are wanted and are escaped where not") {
  CHECK(make_safe("a\n\tb", true) == "a\n    b");
  CHECK(make_safe("a\n\tb", false) == "a\\n\\tb");
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("grün") == 4);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\xcc\x81") == 1);
  CHECK(display_width("🚀") == 2);
  CHECK(display_width("\xff\xfe") == 2);
}

TEST_CASE("a cut text fits and shows that it was cut") {
  CHECK(cut_to_width("hello", 5) == "hello");
  CHECK(cut_to_width("hello!", 5) == "hell…");
  CHECK(cut_to_width("日本語", 4) == "日…");
  CHECK(cut_to_width("abc", 0).empty());
}

TEST_CASE("wrapping breaks at spaces and leaves long words whole") {
  CHECK(wrap("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("abcdefghij k", 4) == std::vector<std::string>{"abcdefghij", "k"});
  CHECK(wrap("", 4) == std::vector<std::string>{""});
}

TEST_CASE("numbers are grouped and counted in words") {
  CHECK(group_digits(0) == "0");
  CHECK(group_digits(999) == "999");
  CHECK(group_digits(1'000) == "1,000");
  CHECK(group_digits(1'234'567) == "1,234,567");
  CHECK(count_of(1, "line") == "1 line");
  CHECK(count_of(1200, "line") == "1,200 lines");
}

}  // namespace
}  // namespace gasoline::cli
