#include "process/waiting_keeper.h"

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <iterator>
#include <thread>

#include "fixture.h"
#include "support/temporary_directory.h"

namespace gasoline::process::test {
namespace {

bool eventually(const std::function<bool()>& is_so) {
  for (int i = 0; i < 3000; ++i) {
    if (is_so()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

/// A connection, and a program that writes what it is given into a file.
struct Scene {
  gasoline::test::TemporaryDirectory directory;
  FileDescriptor ours;
  FileDescriptor theirs;
  const std::string program = directory.path() + "/program";
  const std::string told = directory.path() + "/told";

  Scene() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    ours = FileDescriptor(ends[0]);
    theirs = FileDescriptor(ends[1]);
    write_file(program,
               "#!/bin/sh\n{ echo \"$1\"; cat; } >" + told + ".new\nmv " + told + ".new " + told,
               0700);
  }
  std::string read_told() const {
    std::ifstream file(told);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

}  // namespace

TEST_CASE("whoever waits becomes the keeper when the other end is closed, and finds what was sent") {
  Scene scene;
  WaitingKeeper keeper;
  REQUIRE(keeper.start(scene.program, scene.theirs.get()));
  CHECK(keeper.is_there());
  REQUIRE(::write(scene.ours.get(), "sent before", 11) == 11);
  scene.theirs.reset();
  scene.ours.reset();
  REQUIRE(eventually([&] { return !scene.read_told().empty(); }));
  CHECK(scene.read_told() == "--keeper\nsent before");
}

TEST_CASE("whoever waits keeps no pipe of ours open") {
  Scene scene;
  Pipe pipe = pipe_of_test();
  WaitingKeeper keeper;
  REQUIRE(keeper.start(scene.program, scene.theirs.get()));
  pipe.write_end.reset();
  CHECK(read_to_end(pipe.read_end).empty());  // does not wait for him
}

TEST_CASE("whoever waits and is dismissed does nothing when the other end is closed") {
  Scene scene;
  WaitingKeeper keeper;
  REQUIRE(keeper.start(scene.program, scene.theirs.get()));
  keeper.dismiss();
  CHECK_FALSE(keeper.is_there());
  scene.theirs.reset();
  CHECK(read_to_end(scene.ours).empty());  // he had it, and is gone
  CHECK(scene.read_told().empty());
}

TEST_CASE("a program that is not to be found at a path is refused") {
  Scene scene;
  WaitingKeeper keeper;
  const Status started = keeper.start("gasoline-run", scene.theirs.get());
  REQUIRE_FALSE(started);
  CHECK(started.error().code == ENOENT);
  CHECK_FALSE(keeper.is_there());
}

}  // namespace gasoline::process::test
