#include "process/interruption.h"

#include <catch2/catch.hpp>
#include <cerrno>
#include <thread>

#include "fixture.h"

namespace gasoline::process::test {
namespace {

TEST_CASE("a thread is got out of a system call in which it sleeps, or is about to") {
  REQUIRE(can_interrupt_threads());
  // Now and then the signal comes before the call: then it must not sleep.
  for (int round = 0; round < 200; ++round) {
    const Pipe pipe = pipe_of_test();
    ssize_t got = 0;
    int code = 0;
    std::thread sleeper([&] {
      allow_interruption();
      char byte = 0;
      got = ::read(pipe.read_end.get(), &byte, 1);
      code = errno;
    });
    if (round % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100 * round));
    ::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK);
    interrupt(sleeper.native_handle());
    sleeper.join();
    REQUIRE(got == -1);
    REQUIRE((code == EINTR || code == EAGAIN));
  }
}

TEST_CASE("a signal for interruptions that was ignored at our start stays so") {
  const int status = status_of_fork([] {
    ::signal(SIGURG, SIG_IGN);
    const bool can = can_interrupt_threads();
    ::_exit(!can && ::signal(SIGURG, SIG_IGN) == SIG_IGN ? 0 : 1);
  });
  CHECK(status == 0);
}

}  // namespace
}  // namespace gasoline::process::test
