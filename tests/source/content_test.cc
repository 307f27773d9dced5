#include "source/file/content.h"

#include <catch2/catch.hpp>
#include <zlib.h>

#include <algorithm>
#include <fstream>

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

TEST_CASE("a compressed file reads like the plain one, forwards and backwards") {
  test::TemporaryDirectory directory;
  const std::string text = lines(50'000);
  const std::string path = directory.path() + "/app.log.1.gz";
  write_gzip(path, text);
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
  const std::string path = directory.path() + "/app.log.1.gz";
  write_gzip(path, lines(50'000));
  std::ifstream whole(path, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(whole)), {});
  const std::string cut = directory.path() + "/app.log.2.gz";
  std::ofstream(cut, std::ios::binary) << packed.substr(0, packed.size() / 2);
  auto content = open_content(cut);
  REQUIRE(content.has_value());
  std::string read(1 << 20, '\0');
  CHECK_FALSE((*content)->read_at(0, read.data(), read.size()).has_value());
  const std::string unread = directory.path() + "/app.log.3.xz";
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
