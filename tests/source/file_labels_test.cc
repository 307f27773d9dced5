#include "source/file/file_labels.h"

#include <catch2/catch.hpp>

namespace gasoline::source {
namespace {

TEST_CASE("what is said of a file is asked for once, and again when too many are known") {
  size_t asked = 0;
  KnownLabels labels([&asked](const std::string& path) {
    ++asked;
    FileLabels of_file;
    of_file.service = path;
    return of_file;
  });
  REQUIRE(labels.of("/a") != nullptr);
  CHECK(labels.of("/a")->service == "/a");
  CHECK(asked == 1);
  for (size_t i = 1; i < KnownLabels::kFilesMax; ++i) labels.of("/" + std::to_string(i));
  CHECK(labels.of("/a")->service == "/a");
  CHECK(asked == KnownLabels::kFilesMax);
  labels.of("/one more");
  labels.of("/a");
  CHECK(asked == KnownLabels::kFilesMax + 2);
}

TEST_CASE("where nobody says anything of files there are no labels") {
  KnownLabels labels;
  CHECK(labels.of("/a") == nullptr);
}

}  // namespace
}  // namespace gasoline::source
