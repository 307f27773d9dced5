#include "source/file/content.h"

#include <catch2/catch.hpp>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/random.h"
#include "support/temporary_directory.h"

namespace gasoline::source {
namespace {

std::string lines(size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  return text;
}

void write_gzip(const std::string& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  REQUIRE(file != nullptr);
  REQUIRE(gzwrite(file, text.data(), static_cast<unsigned>(text.size())) ==
          static_cast<int>(text.size()));
  gzclose(file);
}

/// As logrotate does it: two halves, each a stream of its own, one behind the other.
std::string packed_by(const std::string& command, const std::string& ending,
                      const std::string& path, const std::string& text) {
  for (const std::string& half : {text.substr(0, text.size() / 2), text.substr(text.size() / 2)}) {
    std::ofstream(path, std::ios::binary) << half;
    const std::string run = command + " -c " + path + " >> " + path + ending;
    REQUIRE(std::system(run.c_str()) == 0);
  }
  return path + ending;
}

TEST_CASE("a compressed file reads like the plain one, forwards and backwards") {
  test::TemporaryDirectory directory;
  const std::string text = lines(50'000);
  const std::string plain = directory.path() + "/app.log.1";
  std::string path;
  SECTION("by zlib") { write_gzip(path = plain + ".gz", text); }
  SECTION("by gzip") { path = packed_by("gzip", ".gz", plain, text); }
  SECTION("by xz") { path = packed_by("xz", ".xz", plain, text); }
  SECTION("by bzip2") { path = packed_by("bzip2", ".bz2", plain, text); }
  auto content = open_content(path);
  REQUIRE(content.has_value());
  SeededRandom random(1);
  for (int i = 0; i < 100; ++i) {
    const uint64_t offset = random.next_u64() % (text.size() + 100);
    std::string read(random.next_u64() % 5'000, '\0');
    const auto got = (*content)->read_at(offset, read.data(), read.size());
    REQUIRE(got.has_value());
    read.resize(*got);
    CHECK(read == (offset < text.size() ? text.substr(offset, read.size()) : ""));
  }
  char beyond = 'x';
  const auto end = (*content)->read_at(text.size(), &beyond, 1);
  CHECK((end.has_value() && *end == 0));
}

TEST_CASE("a compressed file that is cut or damaged is an error, not an end") {
  test::TemporaryDirectory directory;
  const std::string plain = directory.path() + "/app.log.1";
  const auto [command, ending] = GENERATE(std::pair("gzip", ".gz"), std::pair("xz", ".xz"),
                                          std::pair("bzip2", ".bz2"));
  const std::string path = packed_by(command, ending, plain, lines(50'000));
  std::ifstream whole(path, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(whole)), {});
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(~damaged[packed.size() / 2]);
  for (const std::string& bytes : {packed.substr(0, packed.size() / 3), damaged}) {
    const std::string bad = directory.path() + "/app.log.2" + ending;
    std::ofstream(bad, std::ios::binary) << bytes;
    auto content = open_content(bad);
    REQUIRE(content.has_value());
    std::string read(1 << 20, '\0');
    CHECK_FALSE((*content)->read_at(0, read.data(), read.size()).has_value());
  }
}

TEST_CASE("what is packed in another way is refused when it is opened") {
  test::TemporaryDirectory directory;
  const std::string unread = directory.path() + "/app.log.3.lz4";
  std::ofstream(unread) << "x";
  CHECK_FALSE(open_content(unread).has_value());
}

TEST_CASE("where data begins behind a hole is found without reading it") {
  test::TemporaryDirectory directory;
  const std::string path = directory.path() + "/app.log";
  std::ofstream(path, std::ios::binary).seekp(1 << 26) << "data\n";
  auto content = open_content(path);
  REQUIRE(content.has_value());
  CHECK((*content)->data_at(100) == 1 << 26);
}

}  // namespace
}  // namespace gasoline::source
