#include "framing/line_splitter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/random.h"
#include "support/seed.h"

namespace gasoline::framing {
namespace {

struct Cut {
  std::string bytes;
  bool continues;
  bool ends_line;
  bool operator==(const Cut&) const = default;
};

std::ostream& operator<<(std::ostream& to, const Cut& cut) {
  return to << '"' << cut.bytes << '"' << (cut.continues ? " continues" : "")
            << (cut.ends_line ? " ends" : "");
}

/// What the splitter makes of `text` when it becomes visible up to each of `ends`, one after
/// another.
std::vector<Cut> pieces_of(const std::string& text, size_t line_size_max,
                           const std::vector<size_t>& ends) {
  LineSplitter splitter(line_size_max);
  std::vector<Cut> cuts;
  size_t taken = 0;
  for (const size_t end : ends) {
    std::string_view bytes(text.data() + taken, end - taken);
    Piece piece;
    while (splitter.take(bytes, piece)) {
      cuts.push_back({std::string(piece.bytes), piece.continues, piece.ends_line});
      if (splitter.is_inside_line() == piece.ends_line) FAIL("the splitter forgot its line");
    }
    taken = end - bytes.size();
  }
  if (taken < text.size()) cuts.push_back({text.substr(taken), splitter.is_inside_line(), false});
  return cuts;
}

std::vector<Cut> whole(const std::string& text, size_t line_size_max) {
  return pieces_of(text, line_size_max, {text.size()});
}

/// The definition: lines first, then pieces of a line.
std::vector<Cut> by_definition(const std::string& text, size_t line_size_max) {
  std::vector<Cut> cuts;
  size_t at = 0;
  while (at < text.size()) {
    const size_t found = text.find('\n', at);
    const bool has_end = found != std::string::npos;
    const size_t line_end = has_end ? found : text.size();  // without its LF
    bool continues = false;
    while (line_end - at > line_size_max) {
      cuts.push_back({text.substr(at, line_size_max), continues, false});
      at += line_size_max;
      continues = true;
    }
    const size_t end = line_end + (has_end ? 1 : 0);
    cuts.push_back({text.substr(at, end - at), continues, has_end});
    at = end;
  }
  return cuts;
}

TEST_CASE("lines end at LF and keep it") {
  CHECK(whole("a\nbc\n\nd", 100) ==
        std::vector<Cut>{
            {"a\n", false, true}, {"bc\n", false, true}, {"\n", false, true}, {"d", false, false}});
  CHECK(whole("", 100).empty());
  CHECK(whole("a\r\nb\rc\n", 100) ==
        std::vector<Cut>{{"a\r\n", false, true}, {"b\rc\n", false, true}});
  CHECK(whole(std::string("a\0b\n", 4), 100) ==
        std::vector<Cut>{{std::string("a\0b\n", 4), false, true}});
}

TEST_CASE("a line of exactly the bound is whole, one byte more makes a piece") {
  const std::string exact(10, 'x');
  CHECK(whole(exact + "\n", 10) == std::vector<Cut>{{exact + "\n", false, true}});
  CHECK(whole(exact + "y\n", 10) == std::vector<Cut>{{exact, false, false}, {"y\n", true, true}});
  CHECK(whole(exact + exact + "\n", 10) ==
        std::vector<Cut>{{exact, false, false}, {exact + "\n", true, true}});
  CHECK(whole(exact + exact + "z\nn\n", 10) == std::vector<Cut>{{exact, false, false},
                                                                {exact, true, false},
                                                                {"z\n", true, true},
                                                                {"n\n", false, true}});
}

TEST_CASE("without an LF, nothing up to the bound is taken") {
  LineSplitter splitter(10);
  Piece piece;
  for (size_t size = 0; size <= 10; ++size) {
    const std::string text(size, 'x');
    std::string_view bytes = text;
    CHECK_FALSE(splitter.take(bytes, piece));
    CHECK(bytes.size() == size);
    CHECK_FALSE(splitter.is_inside_line());
  }
  const std::string text(11, 'x');
  std::string_view bytes = text;
  CHECK(splitter.take(bytes, piece));
  CHECK(piece.bytes.size() == 10);
  CHECK(bytes.size() == 1);
  CHECK(splitter.is_inside_line());
}

TEST_CASE("no bytes at all are no piece") {
  LineSplitter splitter(10);
  Piece piece;
  std::string_view nothing;
  CHECK_FALSE(splitter.take(nothing, piece));
}

TEST_CASE("a line that was begun can be forgotten") {
  LineSplitter splitter(4);
  Piece piece;
  std::string_view bytes = "abcdef\n";
  REQUIRE(splitter.take(bytes, piece));
  CHECK(splitter.is_inside_line());
  splitter.start_line();
  CHECK_FALSE(splitter.is_inside_line());
  REQUIRE(splitter.take(bytes, piece));
  CHECK(piece.bytes == "ef\n");
  CHECK_FALSE(piece.continues);
}

TEST_CASE("the pieces depend on the bytes alone, never on how they were divided among reads") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  for (int round = 0; round < 2000; ++round) {
    const size_t bound = 1 + random.next_u64() % 12;
    std::string text(random.next_u64() % 80, ' ');
    const uint64_t rarity = 2 + random.next_u64() % 20;
    for (char& c : text) {
      const uint64_t chance = random.next_u64() % rarity;
      c = chance == 0 ? '\n' : chance == 1 ? '\r' : static_cast<char>('a' + chance % 20);
    }
    const std::vector<Cut> expected = by_definition(text, bound);
    INFO("bound " << bound << " of '" << text << "'");
    REQUIRE(whole(text, bound) == expected);
    std::vector<size_t> each_byte;
    for (size_t end = 1; end <= text.size(); ++end) each_byte.push_back(end);
    REQUIRE(pieces_of(text, bound, each_byte) == expected);
    std::vector<size_t> cuts;
    for (size_t end = 0; end < text.size();) {
      end = std::min(text.size(), end + random.next_u64() % 20);
      cuts.push_back(end);
    }
    REQUIRE(pieces_of(text, bound, cuts) == expected);
  }
}

TEST_CASE("line feeds are counted wherever they are, and however many") {
  SeededRandom random(7);
  for (size_t size = 0; size < 5'000; size += 1 + size / 16) {
    std::string bytes(size + 1, '.');
    for (char& c : bytes) c = random.next_u64() % 3 == 0 ? '\n' : static_cast<char>(random.next_u64());
    // Not at the start of a word of memory either.
    const std::string_view odd = std::string_view(bytes).substr(1);
    CHECK(count_line_feeds(odd) == static_cast<size_t>(std::count(odd.begin(), odd.end(), '\n')));
    CHECK(count_line_feeds(std::string(size, '\n')) == size);
  }
}

TEST_CASE("the visible text of a line is what a terminal would show last") {
  struct Row {
    std::string_view line;
    std::string_view visible;
  };
  for (const Row& row :
       {Row{"", ""}, Row{"a", "a"}, Row{"a\n", "a"}, Row{"a\r\n", "a"}, Row{"a\r\r\n", "a"},
        Row{"\n", ""}, Row{"\r\n", ""}, Row{"\r", ""}, Row{"\r\r\r", ""}, Row{"\r\r\n", ""},
        Row{"10%\r50%\r100%\n", "100%"}, Row{"10%\r50%\r100%\r\n", "100%"},
        Row{"10%\r50%\r", "50%"}, Row{"\rstart", "start"}, Row{"a\r\rb\n", "b"},
        Row{"a b ", "a b "}, Row{"a\n\n", "a\n"}, Row{"a\n\r\n", "a\n"}}) {
    INFO("'" << row.line << "'");
    CHECK(visible_text(row.line) == row.visible);
  }
}

}  // namespace
}  // namespace gasoline::framing
