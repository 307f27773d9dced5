#include "loop/loop.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>

#include "base/file_descriptor.h"
#include "loop/poll.h"
#include "loop/resolver.h"
#include "loop/signal_watcher.h"
#include "loop/timer.h"

using namespace gasoline;
using namespace gasoline::loop;

TEST_CASE("a loop without handles runs idle at once") {
  Loop loop;
  CHECK(loop.run());
  CHECK_FALSE(loop.run_once());
  CHECK_FALSE(loop.run_ready());
  const auto opened = Loop::open();
  REQUIRE(opened);
  CHECK((*opened)->run());
}

TEST_CASE("stop ends a run with work left, and the loop can go on") {
  Loop loop;
  int rings = 0;
  Timer timer(loop, [&] {
    ++rings;
    loop.stop();
  });
  timer.start(0, 1000);
  CHECK_FALSE(loop.run());
  CHECK_FALSE(loop.run());
  CHECK(rings == 2);
  // A stop that no run has seen must not keep the destructor from closing the handles.
  loop.stop();
}

TEST_CASE("timers ring in the order of their delays, once or again and again") {
  Loop loop;
  std::string order;
  Timer late(loop, [&] { order += 'c'; });
  Timer early(loop, [&] { order += 'b'; });
  Timer at_once(loop, [&] { order += 'a'; });
  late.start(30'000);
  early.start(10'000);
  at_once.start(0);
  CHECK(loop.run());
  CHECK(order == "abc");
  CHECK_FALSE(late.is_active());

  int rings = 0;
  std::optional<Timer> repeated;
  repeated.emplace(loop, [&] {
    if (++rings == 3) repeated->stop();
  });
  repeated->start(0, 1000);
  CHECK(loop.run());
  CHECK(rings == 3);
}

TEST_CASE("a timer may be destroyed or started again in its own callback") {
  Loop loop;
  const std::string captured(100, 'x');
  std::string seen;
  std::optional<Timer> timer;
  timer.emplace(loop, [&, copy = captured] {
    timer.reset();
    seen = copy;
  });
  timer->start(0);
  CHECK(loop.run());
  CHECK(seen == captured);

  int rings = 0;
  Timer again(loop, [&] {
    if (++rings < 3) again.start(1);
  });
  again.start(1);
  CHECK(loop.run());
  CHECK(rings == 3);
}

TEST_CASE("a timer need not keep the loop alive") {
  Loop loop;
  Timer timer(loop, [] { FAIL("the loop ended before"); });
  timer.set_keeps_loop_alive(false);
  timer.start(60'000'000);
  CHECK(loop.run());
}

TEST_CASE("a signal is told on the loop, and gets its old meaning back afterwards") {
  Loop loop;
  int seen = 0;
  {
    SignalWatcher watcher(loop, [&](int number) {
      seen = number;
      loop.stop();
    });
    REQUIRE(watcher.start(SIGUSR1));
    CHECK_FALSE(watcher.start(SIGKILL));
    REQUIRE(watcher.start(SIGUSR1));
    // The watcher itself keeps nothing alive.
    CHECK(loop.run());
    Timer alive(loop, [] {});
    alive.start(60'000'000);
    raise(SIGUSR1);
    CHECK_FALSE(loop.run());
  }
  CHECK(seen == SIGUSR1);
  struct sigaction now {};
  REQUIRE(sigaction(SIGUSR1, nullptr, &now) == 0);
  CHECK(now.sa_handler == SIG_DFL);
}

TEST_CASE("poll tells when a foreign descriptor can be read, until it is stopped") {
  Loop loop;
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  int calls = 0;
  std::optional<Poll> poll;
  poll.emplace(loop, [&](int events, const Error* error) {
    CHECK(error == nullptr);
    CHECK((events & UV_READABLE) != 0);
    std::array<char, 8> bytes{};
    CHECK(read(reading.get(), bytes.data(), bytes.size()) == 1);
    if (++calls == 2) poll->stop();
  });
  REQUIRE(poll->start(reading.get(), UV_READABLE));
  Timer writer(loop, [&] { CHECK(write(writing.get(), "x", 1) == 1); });
  writer.start(0, 1000);
  while (calls < 2) loop.run_once();
  writer.stop();
  CHECK(loop.run());
  CHECK(calls == 2);
  REQUIRE(poll->start(reading.get(), UV_READABLE));
  poll.reset();
  CHECK(loop.run());
}

TEST_CASE("polling a regular file is an error, not an endless loop") {
  Loop loop;
  const FileDescriptor file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  Poll poll(loop, [](int, const Error*) {});
  const Status status = poll.start(file.get(), UV_READABLE);
  REQUIRE_FALSE(status);
  CHECK(status.error().code == EPERM);
}

TEST_CASE("localhost and numbers need no look-up; other names are looked up and can be given up") {
  CHECK(Resolver::known("127.0.0.1", 80).size() == 1);
  CHECK(Resolver::known("::1", 80).size() == 1);
  CHECK(Resolver::known("localhost", 80).size() == 2);
  CHECK(Resolver::known("example.org", 80).empty());
  Loop loop;
  std::optional<Error> error;
  Resolver resolver(loop);
  REQUIRE(
      resolver.resolve("no-such-host.invalid", 80, [&](Result<std::vector<SocketAddress>> found) {
        if (!found) error = found.error();
      }));
  CHECK(loop.run());
  CHECK(error.has_value());
  {
    Resolver given_up(loop);
    REQUIRE(given_up.resolve("no-such-host.invalid", 80,
                             [&](const Result<std::vector<SocketAddress>>&) { FAIL("given up"); }));
  }
  CHECK(loop.run());
}
