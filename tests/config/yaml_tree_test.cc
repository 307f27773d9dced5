#include "config/yaml_tree.h"

#include <catch2/catch.hpp>

namespace gasoline::config {
namespace {

YamlProblem problem_of(std::string_view text) {
  YamlNode root;
  YamlProblem problem;
  REQUIRE_FALSE(parse_yaml(text, root, problem));
  return problem;
}

TEST_CASE("values, lists and mappings keep their places") {
  YamlNode root;
  YamlProblem problem;
  REQUIRE(parse_yaml("a:\n  - b: 'x'\n    c: [1, 2]\n", root, problem));
  REQUIRE(root.members.size() == 1);
  CHECK(root.members[0].place.line == 1);
  const YamlNode& item = root.members[0].value.items.at(0);
  CHECK(item.place.line == 2);
  CHECK(item.place.column == 5);
  CHECK(item.members.at(0).value.text == "x");
  CHECK(item.members.at(0).value.is_quoted);
  CHECK(item.members.at(0).value.place.column == 8);
  CHECK(item.members.at(1).value.items.at(1).place.column == 12);
}

TEST_CASE("an empty text is nothing, and one with comments only too") {
  YamlNode root;
  YamlProblem problem;
  for (const char* text : {"", "# nothing\n", "---\n"}) {
    REQUIRE(parse_yaml(text, root, problem));
    CHECK(root.kind == YamlNode::Kind::kNull);
  }
}

TEST_CASE("what is no YAML is told with its place") {
  const YamlProblem problem = problem_of("server:\n  listen: [a\n");
  CHECK(problem.place.line >= 2);
  CHECK(problem.what.find("no YAML") != std::string::npos);
  CHECK(problem_of("a: 1\n\tb: 2\n").place.line == 2);
  CHECK(problem_of("a: 1\n---\nb: 2\n").what.find("second document") != std::string::npos);
  CHECK(problem_of("? [a, b]\n: 1\n").what.find("key") != std::string::npos);
  CHECK(problem_of("a: *nowhere\n").place.line == 1);
}

TEST_CASE("aliases that multiply reach the bound and no further") {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'k'; ++name) {
    text += std::string(1, name) + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) text += std::string(i > 0 ? ", *" : "*") + static_cast<char>(name - 1);
    text += "]\n";
  }
  CHECK(problem_of(text).what.find("too many") != std::string::npos);
}

TEST_CASE("what cannot begin a document is refused, and takes no memory") {
  CHECK(problem_of(",").what.find("no YAML") != std::string::npos);
  CHECK(problem_of("]\n").what.find("no YAML") != std::string::npos);
  CHECK(problem_of("a: 1\n...\n, b").what.size() > 0);
}

TEST_CASE("a value that holds itself is refused") {
  CHECK(problem_of("a: &a [*a]\n").what.find("too deep") != std::string::npos);
  CHECK(problem_of("a: &a {b: {c: *a}}\n").what.find("too deep") != std::string::npos);
}

TEST_CASE("nesting, size and bytes that are no text are bounded") {
  CHECK_FALSE(problem_of(std::string(5000, '[')).what.empty());
  CHECK(problem_of(std::string(kYamlSizeMax + 1, '#')).what.find("1 MiB") != std::string::npos);
  CHECK(problem_of(std::string_view("a: \0b", 5)).what.find("NUL") != std::string::npos);
}

}  // namespace
}  // namespace gasoline::config
