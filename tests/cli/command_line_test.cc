#include "command_line.h"

#include <array>
#include <catch2/catch.hpp>

namespace gasoline::cli {
namespace {

int never_run(const Arguments&) {
  return kExitFound;
}

constexpr std::array<OptionRow, 3> kOptions{
    {{"service", "a service", "NAME"}, {"all", "all pages", ""}, {"q,text", "text", "TEXT"}}};
const Command kCommand = {"find", "find [ID]", "Finds.", "", kOptions, 1, never_run};

Result<Arguments> parse(std::vector<std::string> words) {
  words.insert(words.begin(), "find");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  return parse_arguments(kCommand, pointers);
}

TEST_CASE("options stand before or behind the id, with '=' or a space, and may be repeated") {
  const Result<Arguments> arguments =
      parse({"--service", "web", "4bf92f", "--service=a,b", "--all"});
  REQUIRE(arguments.has_value());
  CHECK(arguments->positionals == std::vector<std::string>{"4bf92f"});
  CHECK(arguments->values("service") == std::vector<std::string>{"web", "a,b"});
  CHECK(arguments->value("service") == "a,b");
  CHECK(arguments->has("all"));
  CHECK_FALSE(arguments->has("json"));
}

TEST_CASE("an option of one letter may have one dash or two, with its value in any form") {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--q", "a b"},
                                                {"--q=a b"},
                                                {"-q", "a b"},
                                                {"--text", "a b"},
                                                {"--text=a b"}}) {
    const Result<Arguments> arguments = parse(words);
    REQUIRE(arguments.has_value());
    CHECK(arguments->value("text") == "a b");
  }
}

TEST_CASE("what is unknown, lacks its value or is too much is refused in one line") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--no-such"}, {"--service"}, {"a", "b"}, {"-z"}}) {
    const Result<Arguments> arguments = parse(words);
    REQUIRE_FALSE(arguments.has_value());
    const std::string text = arguments.error().to_string();
    INFO(text);
    CHECK(arguments.error().code == Error::kInvalid);
    CHECK(text.find('\n') == std::string::npos);
    CHECK(text.find("--help") != std::string::npos);
  }
}

TEST_CASE("help names every option") {
  const std::string help = help_text(kCommand);
  for (const char* option : {"--service NAME", "--all", "--url URL", "--json", "--color", "-h"}) {
    INFO(option);
    CHECK(help.find(option) != std::string::npos);
  }
}

}  // namespace
}  // namespace gasoline::cli
