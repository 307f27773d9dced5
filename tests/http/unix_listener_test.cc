#include "http/unix_listener.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "http/fixture.h"

using namespace gasoline;
using namespace gasoline::http;

namespace {

/// A directory of its own for each test, and the socket's path in it.
struct Place {
  Place() {
    REQUIRE(mkdtemp(directory.data()) != nullptr);
    path = std::string(directory.data()) + "/sock";
  }
  ~Place() {
    unlink(path.c_str());
    rmdir(directory.data());
  }
  std::array<char, 32> directory = {"/tmp/gasoline-unix-XXXXXX"};
  std::string path;
};

mode_t mode_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0;
}

}  // namespace

TEST_CASE("a socket file has the mode asked for, whatever the umask") {
  const Place place;
  SocketFile file;
  const mode_t before = umask(0);
  CHECK(bind_unix(place.path, 0600, file));
  CHECK(mode_of(place.path) == 0600);
  file.remove();
  umask(0777);
  CHECK(bind_unix(place.path, 0660, file));
  CHECK(mode_of(place.path) == 0660);
  umask(before);
  file.remove();
}

TEST_CASE("a dead socket file is replaced, a live one and a plain file are left alone") {
  const Place place;
  SocketFile first;
  SocketFile second;
  {
    const Result<FileDescriptor> live = bind_unix(place.path, 0600, first);
    REQUIRE(live);
    CHECK(bind_unix(place.path, 0600, second).error().code == EADDRINUSE);
    CHECK(first.is_ours());
  }
  REQUIRE(bind_unix(place.path, 0600, second));
  CHECK(second.is_ours());
  second.remove();
  { std::ofstream(place.path) << "precious"; }
  CHECK(bind_unix(place.path, 0600, second).error().code == EEXIST);
  CHECK(access(place.path.c_str(), F_OK) == 0);
}

TEST_CASE("a path that does not fit and a directory that is not there are errors") {
  SocketFile file;
  CHECK(bind_unix("/tmp/" + std::string(110, 'x'), 0600, file).error().code == Error::kTooLarge);
  CHECK(bind_unix("/nonexistent/sock", 0600, file).error().code == ENOENT);
}

TEST_CASE("a socket file that somebody else put there meanwhile is not removed") {
  const Place place;
  SocketFile ours;
  SocketFile theirs;
  const Result<FileDescriptor> first = bind_unix(place.path, 0600, ours);
  REQUIRE(first);
  REQUIRE(unlink(place.path.c_str()) == 0);
  const Result<FileDescriptor> second = bind_unix(place.path, 0600, theirs);
  REQUIRE(second);
  ours.remove();
  CHECK(theirs.is_ours());
}

TEST_CASE("a server makes its socket again when the file has vanished") {
  ServerOnThread server(&echo);
  const std::string path = server.path();
  REQUIRE(unlink(path.c_str()) == 0);
  CHECK(RawSocket(path).fd() < 0);
  server.run([&](Server& own) {
    CHECK(own.listen_unix(path, 0600));
    CHECK(own.listen_unix(path, 0600));
  });
  RawSocket socket(path);
  REQUIRE(socket.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(status_of(socket.receive_answers(1)) == 200);
}
