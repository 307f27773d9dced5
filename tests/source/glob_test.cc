#include "source/file/glob.h"

#include <catch2/catch.hpp>

#include <fstream>

#include <sys/stat.h>

#include "support/temporary_directory.h"

namespace gasoline::source {
namespace {

struct Tree {
  Tree() {
    for (const char* name : {"/a", "/a/b", "/a/b/c", "/.d"}) ::mkdir(at(name).c_str(), 0700);
    for (const char* name : {"/x.log", "/y.log", "/.h.log", "/a/x.log", "/a/b/x.log",
                             "/a/b/c/x.log", "/.d/x.log", "/z.txt"}) {
      std::ofstream(at(name)) << "line\n";
    }
  }
  std::string at(const std::string& name) const { return directory.path() + name; }
  std::vector<std::string> found(const std::string& pattern) const {
    std::vector<std::string> names;
    for (const std::string& path : expand_glob(at(pattern)).paths) {
      names.push_back(path.substr(directory.path().size()));
    }
    return names;
  }
  test::TemporaryDirectory directory;
};

using Names = std::vector<std::string>;

TEST_CASE("patterns match as in a shell, and ** passes through directories") {
  const Tree tree;
  CHECK(tree.found("/*.log") == Names{"/x.log", "/y.log"});
  CHECK(tree.found("/[xz].*") == Names{"/x.log", "/z.txt"});
  CHECK(tree.found("/*/x.log") == Names{"/a/x.log"});
  CHECK(tree.found("/**/x.log") == Names{"/a/b/c/x.log", "/a/b/x.log", "/a/x.log", "/x.log"});
  CHECK(tree.found("/a/**") == Names{"/a/b/c/x.log", "/a/b/x.log", "/a/x.log"});
  CHECK(tree.found("/z.txt") == Names{"/z.txt"});
  CHECK(tree.found("/none.log").empty());
  CHECK(tree.found("/none/*.log").empty());
}

TEST_CASE("the directories where an answer can change are told, or the nearest that exists") {
  const Tree tree;
  CHECK(expand_glob(tree.at("/*.log")).directories == Names{tree.at("")});
  CHECK(expand_glob(tree.at("/a/none/more/*.log")).directories == Names{tree.at("/a")});
  CHECK(expand_glob(tree.at("/*/x.log")).directories == Names{tree.at(""), tree.at("/a")});
}

TEST_CASE("a tree that is too deep is cut, and that is said") {
  test::TemporaryDirectory directory;
  std::string path = directory.path();
  for (size_t i = 0; i <= kGlobDepthMax; ++i) {
    path += "/d";
    ::mkdir(path.c_str(), 0700);
  }
  CHECK(expand_glob(directory.path() + "/**/x.log").is_cut);
}

TEST_CASE("what is excluded is named by its path or by its last part") {
  CHECK(is_excluded("/var/log/debug.log", "debug.*"));
  CHECK(is_excluded("/var/log/debug.log", "/var/log/*.log"));
  CHECK_FALSE(is_excluded("/var/log/app.log", "debug.*"));
  CHECK_FALSE(is_excluded("/srv/debug.log", "/var/*"));
}

}  // namespace
}  // namespace gasoline::source
