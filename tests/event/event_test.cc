#include "event/event.h"

#include <catch2/catch.hpp>
#include <string>

namespace gasoline::event {
namespace {

struct LevelRow {
  Level level;
  std::vector<std::string_view> words;
};

const std::vector<LevelRow> kLevelRows{
    {Level::kDebug,
     {"debug", "trace", "verbose", "fine", "finer", "finest", "config", "silly", "dbug", "trce",
      "dbg", "vrb", "t", "d", "v", "10", "20"}},
    {Level::kInfo, {"info", "notice", "information", "informational", "inf", "i", "30"}},
    {Level::kWarn, {"warn", "warning", "wrn", "w", "40"}},
    {Level::kError, {"error", "err", "eror", "severe", "fail", "failure", "e", "50"}},
    {Level::kCritical,
     {"critical", "crit", "fatal", "panic", "dpanic", "alert", "emerg", "emergency", "ftl", "f",
      "c", "60"}}};

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return result;
}

TEST_CASE("every common word for a level is read, in any case") {
  for (const LevelRow& row : kLevelRows) {
    for (const std::string_view word : row.words) {
      INFO(word);
      Level level = row.level == Level::kDebug ? Level::kError : Level::kDebug;
      CHECK(parse_level(word, level));
      CHECK(level == row.level);
      level = row.level == Level::kDebug ? Level::kError : Level::kDebug;
      CHECK(parse_level(upper(word), level));
      CHECK(level == row.level);
    }
  }
}

TEST_CASE("any other word is no level and changes nothing") {
  for (const std::string_view word : {"", "x", "in", "infos", "error ", " error", "0", "5", "70",
                                      "300", "informationally", "warn\n", "unknown"}) {
    INFO(word);
    Level level = Level::kCritical;
    CHECK_FALSE(parse_level(word, level));
    CHECK(level == Level::kCritical);
  }
  Level level = Level::kWarn;
  CHECK_FALSE(parse_level(std::string_view("d\0", 2), level));
  CHECK_FALSE(parse_level(std::string(100'000, 'e'), level));
}

TEST_CASE("levels are in rising order and have the names of the contract") {
  const std::vector<std::string_view> names{"debug", "info", "warn", "error", "critical"};
  for (size_t i = 0; i < names.size(); ++i) {
    const auto level = static_cast<Level>(i);
    CHECK(to_string(level) == names[i]);
    Level read = Level::kDebug;
    CHECK(parse_level(to_string(level), read));
    CHECK(read == level);
  }
  CHECK(Level::kDebug < Level::kInfo);
  CHECK(Level::kError < Level::kCritical);
}

TEST_CASE("every kind of source has its name in the contract") {
  const std::vector<std::string_view> names{"extension", "stdout", "stderr", "file", "ssh",
                                            "container", "otlp",   "loki",   "bus",  "api"};
  for (size_t i = 0; i < names.size(); ++i) {
    const auto kind = static_cast<SourceKind>(i);
    CHECK(to_string(kind) == names[i]);
    SourceKind read = kind == SourceKind::kApi ? SourceKind::kBus : SourceKind::kApi;
    CHECK(parse_source_kind(names[i], read));
    CHECK(read == kind);
  }
  CHECK(SourceKind::kApi == static_cast<SourceKind>(names.size() - 1));
}

TEST_CASE("any other word is no kind of source and changes nothing") {
  for (const std::string_view word : {"", "STDOUT", "stdout ", "browser", "stdin", "ap", "apis"}) {
    INFO(word);
    SourceKind kind = SourceKind::kLoki;
    CHECK_FALSE(parse_source_kind(word, kind));
    CHECK(kind == SourceKind::kLoki);
  }
}

}  // namespace
}  // namespace gasoline::event
