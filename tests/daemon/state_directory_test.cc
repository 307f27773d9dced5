#include "daemon/state_directory.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "io/real_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::daemon {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

TEST_CASE("one daemon at a time has the state directory") {
  const test::TemporaryDirectory directory;
  io::RealFileSystem files;
  const std::string path = directory / "a/b/state";
  {
    const auto first = StateDirectory::open(files, path);
    REQUIRE(first);
    CHECK(mode_of(path) == 0700);
    const auto second = StateDirectory::open(files, path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Error::kLocked);
    CHECK(second.error().to_string().find("another gasolined has it") != std::string::npos);
  }
  CHECK(StateDirectory::open(files, path));
}

TEST_CASE("the token is made once, for its owner only, and stays the same") {
  const test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SystemRandom random;
  std::string token;
  {
    auto state = StateDirectory::open(files, directory / "state");
    REQUIRE(state);
    const auto made = state->token(random);
    REQUIRE(made);
    token = *made;
    CHECK(token.size() == 64);
    CHECK(token.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(mode_of(state->token_path()) == 0600);
    CHECK(*state->token(random) == token);
  }
  auto again = StateDirectory::open(files, directory / "state");
  REQUIRE(again);
  CHECK(*again->token(random) == token);
  auto other = StateDirectory::open(files, directory / "other");
  REQUIRE(other);
  CHECK(*other->token(random) != token);
}

}  // namespace
}  // namespace gasoline::daemon
