#include "base/places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <map>

#include "support/temporary_directory.h"

namespace gasoline {
namespace {

namespace fs = std::filesystem;
using test::TemporaryDirectory;

constexpr uid_t kNobody = 65534;
// A user without an account, so that no home is found but the one in the environment.
constexpr unsigned kNobodyKnown = 3'999'999'999;

Environment variables(std::map<std::string, std::string, std::less<>> values) {
  return [values = std::move(values)](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

/// Runs `check` in a child without the rights of root; true if it returned true.
template <typename Check>
bool holds_without_root(Check check) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::geteuid() == 0 && ::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(2);
    ::_exit(check() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

TEST_CASE("absolute XDG variables decide all three places") {
  const TemporaryDirectory root;
  const Places places = find_places(variables({{"HOME", root.path()},
                                               {"XDG_STATE_HOME", "/s"},
                                               {"XDG_RUNTIME_DIR", root.path()},
                                               {"XDG_CACHE_HOME", "/c"}}),
                                    ::geteuid());
  CHECK(places.state_directory == "/s/gasoline");
  CHECK(places.runtime_directory == root / "gasoline");
  CHECK(places.cache_directory == "/c/gasoline");
  CHECK(places.socket_path() == root / "gasoline/gasolined.sock");
  CHECK(places.spool_directory() == "/s/gasoline/spool");
  CHECK(places.event_log_directory() == "/s/gasoline/events");
}

TEST_CASE("without XDG variables the places are below the home") {
  const TemporaryDirectory home;
  const Places places = find_places(variables({{"HOME", home.path()}}), ::geteuid());
  CHECK(places.state_directory == home / ".local/state/gasoline");
  CHECK(places.runtime_directory == home / ".local/state/gasoline/run");
  CHECK(places.cache_directory == home / ".cache/gasoline");
}

TEST_CASE("relative and empty XDG variables are ignored") {
  const TemporaryDirectory home;
  for (const std::string value : {"", "relative/path", "./x", "~/x"}) {
    INFO("'" << value << "'");
    const Places places = find_places(variables({{"HOME", home.path()},
                                                 {"XDG_STATE_HOME", value},
                                                 {"XDG_RUNTIME_DIR", value},
                                                 {"XDG_CACHE_HOME", value}}),
                                      ::geteuid());
    CHECK(places.state_directory == home / ".local/state/gasoline");
    CHECK(places.runtime_directory == home / ".local/state/gasoline/run");
    CHECK(places.cache_directory == home / ".cache/gasoline");
  }
}

TEST_CASE("without any home the places are the user's own below /tmp") {
  const std::string shared = "/tmp/gasoline-" + std::to_string(kNobodyKnown);
  for (const auto& environment :
       {variables({}), variables({{"HOME", ""}}), variables({{"HOME", "relative"}}),
        variables({{"HOME", "/nonexistent/home"}})}) {
    const Places places = find_places(environment, kNobodyKnown);
    CHECK(places.state_directory == shared + "/state");
    CHECK(places.runtime_directory == shared + "/state/run");
    CHECK(places.cache_directory.empty());
  }
}

TEST_CASE("the home of another owner is not used") {
  const TemporaryDirectory home;  // ours, asked for by somebody else
  const Places places = find_places(variables({{"HOME", home.path()}}), kNobodyKnown);
  CHECK(places.state_directory == "/tmp/gasoline-" + std::to_string(kNobodyKnown) + "/state");
  CHECK(places.cache_directory.empty());
}

TEST_CASE("a home that is a file is not used") {
  const TemporaryDirectory root;
  std::ofstream(root / "file") << "x";
  const Places places = find_places(variables({{"HOME", root / "file"}}), kNobodyKnown);
  CHECK(places.state_directory == "/tmp/gasoline-" + std::to_string(kNobodyKnown) + "/state");
}

TEST_CASE("the account's home serves where HOME does not") {
  const Places by_account = find_places(variables({{"HOME", "/nonexistent"}}), ::geteuid());
  const Places without = find_places(variables({}), ::geteuid());
  CHECK(by_account.state_directory == without.state_directory);
}

TEST_CASE("a runtime directory that cannot be had gives way to the state directory") {
  const TemporaryDirectory root;
  std::ofstream(root / "file") << "x";
  const Places places = find_places(
      variables({{"HOME", root.path()}, {"XDG_RUNTIME_DIR", root / "file/below"}}), ::geteuid());
  CHECK(places.runtime_directory == root / ".local/state/gasoline/run");
}

TEST_CASE("where the state directory cannot be had either, the socket goes below /tmp") {
  const TemporaryDirectory root;
  std::ofstream(root / "file") << "x";
  const Places places = find_places(variables({{"XDG_STATE_HOME", root / "file/below"}}), 4242);
  CHECK(places.state_directory == root / "file/below/gasoline");
  CHECK(places.runtime_directory == "/tmp/gasoline-4242/run");
}

TEST_CASE("a read-only home keeps the state's place and moves the socket") {
  const TemporaryDirectory root;
  REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
  fs::create_directory(root / "home");
  REQUIRE(::chmod((root / "home").c_str(), 0555) == 0);
  CHECK(holds_without_root([&] {
    const Places places = find_places(variables({{"XDG_STATE_HOME", root / "home"}}), 4242);
    return places.state_directory == root / "home/gasoline" &&
           places.runtime_directory == "/tmp/gasoline-4242/run";
  }));
  CHECK(holds_without_root([&] {
    const Places places = find_places(
        variables({{"XDG_STATE_HOME", root / "home"}, {"XDG_RUNTIME_DIR", root / "home"}}), 4242);
    return places.runtime_directory == "/tmp/gasoline-4242/run";
  }));
}

TEST_CASE("finding the places changes nothing on disk") {
  const TemporaryDirectory home;
  static_cast<void>(find_places(
      variables({{"HOME", home.path()}, {"XDG_RUNTIME_DIR", home / "run"}}), ::geteuid()));
  CHECK(fs::is_empty(home.path()));
}

TEST_CASE("the process's own variables are read as they are") {
  const Environment environment = process_environment();
  REQUIRE(::setenv("GASOLINE_PLACES_TEST", "a b", 1) == 0);
  CHECK(environment("GASOLINE_PLACES_TEST") == "a b");
  REQUIRE(::unsetenv("GASOLINE_PLACES_TEST") == 0);
  CHECK_FALSE(environment("GASOLINE_PLACES_TEST"));
}

TEST_CASE("private directories are made with all that is missing above them") {
  const TemporaryDirectory root;
  const mode_t old_mask = ::umask(0);
  const Status made = make_private_directories(root / "a/b/c");
  ::umask(old_mask);
  REQUIRE(made);
  CHECK(mode_of(root / "a") == 0700);
  CHECK(mode_of(root / "a/b") == 0700);
  CHECK(mode_of(root / "a/b/c") == 0700);
  CHECK(make_private_directories(root / "a/b/c"));
}

TEST_CASE("what exists keeps its mode") {
  const TemporaryDirectory root;
  fs::create_directory(root / "open");
  REQUIRE(::chmod((root / "open").c_str(), 0755) == 0);
  REQUIRE(make_private_directories(root / "open/new"));
  CHECK(mode_of(root / "open") == 0755);
  CHECK(mode_of(root / "open/new") == 0700);
}

TEST_CASE("a file in the place of a directory is named in the error") {
  const TemporaryDirectory root;
  std::ofstream(root / "file") << "x";
  const Status made = make_private_directories(root / "file");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == ENOTDIR);
  CHECK(made.error().to_string().find(root / "file") != std::string::npos);
  CHECK_FALSE(make_private_directories(root / "file/below"));
}

TEST_CASE(
    "a directory that may not be written to is an error, and one inside it that exists is not") {
  const TemporaryDirectory root;
  REQUIRE(::chmod(root.path().c_str(), 0755) == 0);
  fs::create_directory(root / "locked");
  fs::create_directory(root / "locked/there");
  // Below /tmp only a directory of one's own will do.
  for (const char* name : {"", "locked", "locked/there"}) {
    if (::geteuid() == 0) REQUIRE(::chown((root / name).c_str(), kNobody, kNobody) == 0);
  }
  REQUIRE(::chmod((root / "locked").c_str(), 0555) == 0);
  CHECK(holds_without_root([&] {
    const Status made = make_private_directories(root / "locked/new");
    return !made && made.error().code == EACCES &&
           make_private_directories(root / "locked/there").has_value();
  }));
}

/// A directory as another user could have laid it in wait for us.
struct SharedPlace {
  SharedPlace() { REQUIRE(::mkdtemp(path.data()) != nullptr); }
  ~SharedPlace() { fs::remove_all(path); }
  SharedPlace(const SharedPlace&) = delete;
  SharedPlace& operator=(const SharedPlace&) = delete;
  std::string path = "/tmp/gasoline-XXXXXX";
};

TEST_CASE("below /tmp a symbolic link in the place of our directory is refused") {
  const SharedPlace place;
  const TemporaryDirectory elsewhere;
  fs::create_directory_symlink(elsewhere.path(), place.path + "/link");
  const Status made = make_private_directories(place.path + "/link/run");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == EPERM);
  CHECK(made.error().to_string().find("belongs to somebody else") != std::string::npos);
  CHECK(fs::is_empty(elsewhere.path()));
}

TEST_CASE("below /tmp a directory of another user is refused") {
  if (::geteuid() != 0) return;  // only root can give a directory away
  const SharedPlace place;
  REQUIRE(::chown(place.path.c_str(), 12345, 12345) == 0);
  const Status made = make_private_directories(place.path + "/run");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == EPERM);
}

}  // namespace
}  // namespace gasoline
