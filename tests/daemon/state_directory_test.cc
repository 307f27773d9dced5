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

TEST_CASE("the key of the masks is made once, for its owner only, and made anew if it is damaged") {
  const test::TemporaryDirectory directory;
  io::RealFileSystem files;
  SystemRandom random;
  auto state = StateDirectory::open(files, directory / "state");
  REQUIRE(state);
  const auto made = state->mask_key(random);
  REQUIRE(made);
  CHECK(made->size() == 32);
  CHECK(mode_of(state->mask_key_path()) == 0600);
  CHECK(*state->mask_key(random) == *made);
  CHECK(*state->token(random) != *made);
  auto file = files.open(state->mask_key_path(), io::OpenMode::kCreateIfMissing);
  REQUIRE(file);
  REQUIRE(file.value()->write_at("not hex", 0));
  const auto again = state->mask_key(random);
  REQUIRE(again);
  CHECK(*again != *made);
  CHECK(again->find_first_not_of("0123456789abcdef") == std::string::npos);
}

}  // namespace
}  // namespace gasoline::daemon
