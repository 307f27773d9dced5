#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "config/configuration.h"
#include "config/print.h"
#include "config/setting_table.h"

namespace gasoline::config {
namespace {

std::string document() {
  std::ifstream file(DOCUMENT);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("docs/CONFIGURATION.md has each setting as the table in the code has it") {
  const std::string text = document();
  REQUIRE_FALSE(text.empty());
  for (const SettingRow& row : setting_table()) {
    INFO("expected: " << reference_row(row));
    CHECK(text.find("\n" + reference_row(row) + "\n") != std::string::npos);
  }
}

TEST_CASE("docs/CONFIGURATION.md has no setting that does not exist") {
  const std::string text = document();
  for (size_t at = text.find("\n| `"); at != std::string::npos; at = text.find("\n| `", at + 1)) {
    const std::string key = text.substr(at + 4, text.find('`', at + 4) - at - 4);
    if (key.find('.') == std::string::npos) continue;
    INFO(key);
    CHECK(find_setting(key) != nullptr);
  }
}

TEST_CASE("every example in docs/CONFIGURATION.md is accepted") {
  const std::string text = document();
  int examples = 0;
  for (size_t at = text.find("```yaml\n"); at != std::string::npos;
       at = text.find("```yaml\n", at + 1)) {
    const size_t begin = at + 8;
    const std::string example = text.substr(begin, text.find("```", begin) - begin);
    const Reading reading = read_configuration(example, "example", {"/home/me", {}});
    for (const Complaint& error : reading.errors) UNSCOPED_INFO(error.to_string());
    INFO(example);
    CHECK(reading.errors.empty());
    ++examples;
  }
  CHECK(examples >= 4);
}

TEST_CASE("the table is sound: keys once, groups together, words and bounds that fit") {
  std::set<std::string_view> keys;
  std::set<std::string_view> sections;
  std::string_view section;
  for (const SettingRow& row : setting_table()) {
    INFO(row.key);
    CHECK(keys.insert(row.key).second);
    CHECK(row.description.ends_with('.'));
    CHECK(row.least <= row.most);
    CHECK((row.kind == SettingKind::kWord) == !row.words.empty());
    const std::string_view here = row.key.substr(0, row.key.find('.'));
    if (here != section) CHECK(sections.insert(here).second);
    section = here;
    const size_t bracket = row.key.find("[]");
    if (bracket != std::string_view::npos) {
      CHECK(find_setting_list(row.key.substr(0, bracket)) != nullptr);
    }
  }
}

}  // namespace
}  // namespace gasoline::config
