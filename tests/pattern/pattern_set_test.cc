#include "pattern/pattern_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace gasoline::pattern {
namespace {

using Match = std::pair<uint32_t, size_t>;

std::vector<Match> matches_of(const PatternSet& set, std::string_view text) {
  Result<Scratch> scratch = set.make_scratch();
  REQUIRE(scratch.has_value());
  std::vector<Match> matches;
  set.scan(text, *scratch, [&matches](uint32_t id, size_t end) {
    matches.emplace_back(id, end);
    return true;
  });
  return matches;
}

const std::vector<Pattern> kPatterns = {
    {7, "key=[a-z]", false, false}, {9, "token", true, false}, {11, "a.c", false, true}};

/// A directory that is gone when the test ends.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = "/tmp/pattern_test_XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() {
    for (const std::string& file : files()) ::unlink(file.c_str());
    ::rmdir(cache().c_str());
    ::rmdir(path_.c_str());
  }
  std::string cache() const { return path_ + "/cache"; }
  /// The cache files, by the shell: the test must not share the code under test.
  std::vector<std::string> files() const {
    std::vector<std::string> found;
    FILE* list = ::popen(("ls -1 " + cache() + "/* 2>/dev/null").c_str(), "r");
    char line[512];
    while (::fgets(line, sizeof line, list) != nullptr) {
      found.emplace_back(line);
      found.back().pop_back();
    }
    ::pclose(list);
    return found;
  }

 private:
  std::string path_;
};

class CountingLog final : public Log {
 public:
  void write(Severity severity, std::string_view text) override {
    if (severity >= Severity::kWarn) warnings.emplace_back(text);
  }
  std::vector<std::string> warnings;
};

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

TEST_CASE("a scan reports each pattern's id and the end of its match") {
  Result<PatternSet> set = PatternSet::compile(kPatterns);
  REQUIRE(set.has_value());
  CHECK(matches_of(*set, "key=v TOKEN") == std::vector<Match>{{7, 5}, {9, 11}});
  CHECK(matches_of(*set, "a\nc") == std::vector<Match>{{11, 3}});
  CHECK(matches_of(*set, "KEY=v").empty());
  CHECK(matches_of(*set, "").empty());
}

TEST_CASE("a callback that returns false ends the scan") {
  Result<PatternSet> set = PatternSet::compile(kPatterns);
  REQUIRE(set.has_value());
  Result<Scratch> scratch = set->make_scratch();
  REQUIRE(scratch.has_value());
  size_t calls = 0;
  set->scan("token token token", *scratch, [&calls](uint32_t, size_t) { return ++calls < 2; });
  CHECK(calls == 2);
}

TEST_CASE("a wrong pattern is named with its place and the reason") {
  const std::vector<Pattern> patterns = {{1, "fine"}, {42, "broken(["}};
  Result<PatternSet> set = PatternSet::compile(patterns);
  REQUIRE_FALSE(set.has_value());
  const std::string text = set.error().to_string();
  CHECK(text.find("pattern 2 of 2") != std::string::npos);
  CHECK(text.find("id 42") != std::string::npos);
  CHECK(text.find("broken([") != std::string::npos);
  CHECK(set.error().code == Error::kInvalid);
}

TEST_CASE("a pattern that matches nothing at all, or holds a NUL, is refused") {
  CHECK_FALSE(PatternSet::compile(std::vector<Pattern>{{1, "a*"}}).has_value());
  CHECK_FALSE(PatternSet::compile(std::vector<Pattern>{{1, std::string("a\0b", 3)}}).has_value());
  CHECK_FALSE(PatternSet::compile({}).has_value());
}

TEST_CASE("a compiled set is taken from its cache file, which only the owner can read") {
  const TemporaryDirectory directory;
  CountingLog log;
  Result<PatternSet> first = PatternSet::compile_cached(kPatterns, directory.cache(), log);
  REQUIRE(first.has_value());
  CHECK_FALSE(first->came_from_cache());
  REQUIRE(directory.files().size() == 1);
  struct stat status {};
  REQUIRE(::stat(directory.files()[0].c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);

  Result<PatternSet> second = PatternSet::compile_cached(kPatterns, directory.cache(), log);
  REQUIRE(second.has_value());
  CHECK(second->came_from_cache());
  CHECK(matches_of(*second, "key=v TOKEN") == std::vector<Match>{{7, 5}, {9, 11}});
  CHECK(log.warnings.empty());
}

TEST_CASE("other patterns do not get the cached form of these") {
  const TemporaryDirectory directory;
  CountingLog log;
  REQUIRE(PatternSet::compile_cached(kPatterns, directory.cache(), log).has_value());
  std::vector<Pattern> others = kPatterns;
  others[0].id = 8;
  Result<PatternSet> set = PatternSet::compile_cached(others, directory.cache(), log);
  REQUIRE(set.has_value());
  CHECK_FALSE(set->came_from_cache());
  CHECK(matches_of(*set, "key=v") == std::vector<Match>{{8, 5}});
}

TEST_CASE("a damaged cache file is compiled anew and replaced, whatever byte is wrong") {
  const TemporaryDirectory directory;
  CountingLog log;
  REQUIRE(PatternSet::compile_cached(kPatterns, directory.cache(), log).has_value());
  const std::string file = directory.files()[0];
  const std::string good = bytes_of(file);
  std::vector<std::string> damaged = {"", good.substr(0, 10), good.substr(0, good.size() - 1),
                                      good + "x", std::string(good.size(), '\0')};
  for (size_t at = 0; at < good.size(); at += 1 + good.size() / 64) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    damaged.push_back(flipped);
  }
  for (const std::string& bytes : damaged) {
    overwrite(file, bytes);
    Result<PatternSet> set = PatternSet::compile_cached(kPatterns, directory.cache(), log);
    REQUIRE(set.has_value());
    CHECK_FALSE(set->came_from_cache());
    CHECK(matches_of(*set, "key=v") == std::vector<Match>{{7, 5}});
    CHECK(bytes_of(file) == good);
  }
}

TEST_CASE("a cache file that others could have written is not trusted") {
  const TemporaryDirectory directory;
  CountingLog log;
  REQUIRE(PatternSet::compile_cached(kPatterns, directory.cache(), log).has_value());
  const std::string file = directory.files()[0];
  REQUIRE(::chmod(file.c_str(), 0666) == 0);
  Result<PatternSet> set = PatternSet::compile_cached(kPatterns, directory.cache(), log);
  REQUIRE(set.has_value());
  CHECK_FALSE(set->came_from_cache());

  REQUIRE(::rename(file.c_str(), (file + ".moved").c_str()) == 0);
  REQUIRE(::symlink((file + ".moved").c_str(), file.c_str()) == 0);
  set = PatternSet::compile_cached(kPatterns, directory.cache(), log);
  REQUIRE(set.has_value());
  CHECK_FALSE(set->came_from_cache());
}

TEST_CASE("a directory that cannot be made costs a warning, not the patterns") {
  CountingLog log;
  Result<PatternSet> set = PatternSet::compile_cached(kPatterns, "/proc/nowhere/cache", log);
  REQUIRE(set.has_value());
  CHECK(log.warnings.size() == 1);
}

}  // namespace
}  // namespace gasoline::pattern
