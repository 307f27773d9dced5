#include "process/pty.h"

#include <sys/ioctl.h>
#include <termios.h>

#include <catch2/catch.hpp>

#include "process/fixture.h"

namespace gasoline::process {
namespace {

Pty pty_of_test(int like_fd) {
  auto pty = open_pty(like_fd);
  REQUIRE(pty);
  return std::move(pty).value();
}

TEST_CASE(
    "a pseudo-terminal looks like the terminal that it stands for, but for its output processing") {
  const Pty terminal = pty_of_test(-1);
  termios modes{};
  REQUIRE(::tcgetattr(terminal.slave.get(), &modes) == 0);
  modes.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  modes.c_oflag |= OPOST | ONLCR;
  modes.c_cc[VINTR] = 7;
  REQUIRE(::tcsetattr(terminal.slave.get(), TCSANOW, &modes) == 0);
  const winsize size{33, 111, 0, 0};
  REQUIRE(::ioctl(terminal.master.get(), TIOCSWINSZ, &size) == 0);

  const Pty pty = pty_of_test(terminal.slave.get());
  CHECK(::isatty(pty.slave.get()) == 1);
  termios got{};
  REQUIRE(::tcgetattr(pty.slave.get(), &got) == 0);
  CHECK(got.c_lflag == modes.c_lflag);
  CHECK(got.c_iflag == modes.c_iflag);
  CHECK(got.c_oflag == (modes.c_oflag & ~static_cast<tcflag_t>(OPOST)));
  CHECK(got.c_cc[VINTR] == 7);
  winsize got_size{};
  REQUIRE(::ioctl(pty.slave.get(), TIOCGWINSZ, &got_size) == 0);
  CHECK(got_size.ws_row == 33);
  CHECK(got_size.ws_col == 111);
}

TEST_CASE("what a child writes to a pseudo-terminal is read unchanged, to its end") {
  Pty pty = pty_of_test(-1);
  ChildOptions child = test::shell("printf 'a\\nb\\r\\n\\tc\\000\\377\\n'; stty size <&1");
  child.stdout_fd = pty.slave.get();
  const auto pid = spawn(child);
  REQUIRE(pid);
  pty.slave.reset();
  CHECK(test::read_to_end(pty.master) == std::string("a\nb\r\n\tc\0\xff\n24 80\n", 16));
  char byte = 0;
  CHECK(::read(pty.master.get(), &byte, 1) < 0);
  CHECK(errno == EIO);
  test::wait_for(*pid);
}

TEST_CASE("a pseudo-terminal does not become a controlling terminal by being opened") {
  const int status = test::status_of_fork([] {
    ::setsid();
    const auto pty = open_pty(-1);
    ::_exit(pty && ::open("/dev/tty", O_RDONLY) < 0 ? 0 : 1);
  });
  CHECK(status == 0);
}

TEST_CASE("a child inherits neither end beyond its streams") {
  const Pty pty = pty_of_test(-1);
  CHECK((::fcntl(pty.master.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(pty.slave.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

}  // namespace
}  // namespace gasoline::process
