#include "understand/ansi.h"

#include <catch2/catch.hpp>
#include <string>

namespace gasoline::understand {
namespace {

std::string stripped(std::string_view text) {
  Arena arena;
  return std::string(strip_ansi(text, arena));
}

TEST_CASE("terminal control sequences are taken out") {
  CHECK(stripped("\x1b[31mred\x1b[0m") == "red");
  CHECK(stripped("\x1b[38;5;215;1mx\x1b[m") == "x");
  CHECK(stripped("\x1b]8;id=1;file:///a\x1b\\link\x1b]8;;\x1b\\") == "link");
  CHECK(stripped("\x1b]0;title\x07text") == "text");
  CHECK(stripped("\x1b(Bx\x1b=y") == "xy");
  CHECK(stripped("a\r") == "a");
  CHECK(stripped("a\x1b[0m\r\r") == "a");
}

TEST_CASE("of a line that is drawn again and again the last state is left") {
  CHECK(stripped("10%\r20%\r100% done") == "100% done");
  CHECK(stripped("\repoch 1\repoch 2\r") == "epoch 2");
  CHECK(stripped("\x1b[1G- building\x1b[1G\x1b[0K+ built\r") == "+ built");
  CHECK(stripped("spinner\x1b[2K\x1b[Gready") == "ready");
  CHECK(stripped("old\r\x1b[K") == "old");
  CHECK(stripped("first\r\nsecond") == "first\r\nsecond");
}

TEST_CASE("text without escapes is not copied") {
  Arena arena;
  const std::string text = "plain";
  CHECK(strip_ansi(text, arena).data() == text.data());
  CHECK(arena.held_bytes() == 0);
}

TEST_CASE("a sequence that is cut short loses only its escape") {
  CHECK(stripped("\x1b") == "");
  CHECK(stripped("a\x1b[") == "a[");
  CHECK(stripped("a\x1b[12") == "a[12");
  CHECK(stripped("a\x1b]0;title") == "a]0;title");
  CHECK(stripped("\x1b\x1b[31mx") == "x");
  CHECK(stripped("\x1b \xd0\xb0") == " \xd0\xb0");
}

}  // namespace
}  // namespace gasoline::understand
