#include "process/terminal_stand_ins.h"

#include <sys/ioctl.h>
#include <termios.h>

#include <catch2/catch.hpp>

#include "process/fixture.h"

namespace gasoline::process {
namespace {

/// A terminal, and a stand-in for it as a child has it.
struct Rig {
  explicit Rig(bool may_want_keys = false) : terminal(std::move(*open_pty(-1))) {
    termios modes = modes_of(terminal.slave.get());
    modes.c_oflag |= OPOST | ONLCR;
    set(terminal.slave.get(), modes);
    pty = std::move(*stand_ins.add(terminal.slave.get(), may_want_keys));
    stand_ins.remember(terminal.slave.get());
    ::fcntl(pty.master.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  }
  static termios modes_of(int fd) {
    termios modes{};
    ::tcgetattr(fd, &modes);
    return modes;
  }
  static void set(int fd, const termios& modes) { ::tcsetattr(fd, TCSANOW, &modes); }
  termios of_terminal() const { return modes_of(terminal.slave.get()); }
  termios of_stand_in() const { return modes_of(pty.slave.get()); }

  SystemClock clock;
  TerminalStandIns stand_ins{clock};
  Pty terminal;
  Pty pty;
};

TEST_CASE("modes that a program sets on a stand-in become those of the terminal") {
  Rig rig;
  termios wanted = rig.of_stand_in();
  wanted.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  wanted.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  Rig::set(rig.pty.slave.get(), wanted);
  rig.stand_ins.follow(false);
  termios got = rig.of_terminal();
  CHECK(got.c_lflag == wanted.c_lflag);
  CHECK((got.c_oflag & ONLCR) == 0);
  CHECK((got.c_oflag & OPOST) != 0);

  SECTION("and back") {
    rig.stand_ins.restore();
    got = rig.of_terminal();
    CHECK((got.c_lflag & (ICANON | ECHO)) == (ICANON | ECHO));
    CHECK((got.c_oflag & ONLCR) != 0);
  }
}

TEST_CASE("a stand-in made raw turns off the terminal's output processing, for as long as it is") {
  Rig rig;
  const termios before = rig.of_stand_in();
  termios raw = before;
  ::cfmakeraw(&raw);
  Rig::set(rig.pty.slave.get(), raw);
  rig.stand_ins.follow(false);
  CHECK((rig.of_terminal().c_oflag & OPOST) == 0);
  Rig::set(rig.pty.slave.get(), before);
  rig.stand_ins.follow(false);
  CHECK((rig.of_terminal().c_oflag & OPOST) != 0);
}

TEST_CASE("modes that a program sets on the terminal are seen on the stand-in") {
  Rig rig;
  termios wanted = rig.of_terminal();
  wanted.c_lflag &= ~static_cast<tcflag_t>(ICANON);
  wanted.c_cc[VMIN] = 3;
  Rig::set(rig.terminal.slave.get(), wanted);
  rig.stand_ins.follow(true);
  CHECK((rig.of_stand_in().c_lflag & ICANON) == 0);
  CHECK(rig.of_stand_in().c_cc[VMIN] == 3);
  CHECK((rig.of_stand_in().c_oflag & OPOST) == 0);
  // Nothing came back.
  CHECK((rig.of_terminal().c_oflag & OPOST) != 0);
}

TEST_CASE("a stand-in has the size of the terminal's window") {
  Rig rig;
  const winsize size{44, 144, 0, 0};
  REQUIRE(::ioctl(rig.terminal.master.get(), TIOCSWINSZ, &size) == 0);
  rig.stand_ins.follow(true);
  winsize got{};
  REQUIRE(::ioctl(rig.pty.slave.get(), TIOCGWINSZ, &got) == 0);
  CHECK(got.ws_row == 44);
  CHECK(got.ws_col == 144);
}

TEST_CASE("a program notices that nobody reads its stand-in any more") {
  Rig rig;
  rig.pty.master.reset();
  CHECK(::write(rig.pty.slave.get(), "x", 1) == 1);  // our part is still open
  rig.stand_ins.remove(rig.terminal.slave.get());
  CHECK(::write(rig.pty.slave.get(), "x", 1) < 0);
  CHECK(errno == EIO);
  rig.stand_ins.follow(true);
}

TEST_CASE("what is no terminal is stood in for, and not followed") {
  SystemClock clock;
  TerminalStandIns stand_ins(clock);
  const Pipe pipe = test::pipe_of_test();
  const auto pty = stand_ins.add(pipe.write_end.get(), false);
  REQUIRE(pty);
  CHECK(::isatty(pty->slave.get()) == 1);
  CHECK(stand_ins.is_empty());
  stand_ins.remember(pipe.write_end.get());
  stand_ins.restore();
}

TEST_CASE("keys go to a program that reads them from its stand-in, one at a time") {
  const int status = test::status_of_fork([] {
    ::setsid();
    Rig rig(true);
    if (::ioctl(rig.terminal.slave.get(), TIOCSCTTY, 0) != 0) ::_exit(1);
    rig.stand_ins.follow(true);
    if (rig.stand_ins.keys_fd() >= 0) ::_exit(2);
    termios raw = rig.of_stand_in();
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    Rig::set(rig.pty.slave.get(), raw);
    rig.stand_ins.follow(true);
    if (rig.stand_ins.keys_fd() < 0) ::_exit(3);

    const std::string keys[] = {"q", "\x1b[A", "\x1bOP", "\xc3\xa9", "\x1b[1;5C", "z"};
    for (const std::string& key : keys) {
      if (::write(rig.terminal.master.get(), key.data(), key.size()) < 0) ::_exit(4);
    }
    ::fcntl(rig.pty.slave.get(), F_SETFL, O_RDWR | O_NONBLOCK);
    for (const std::string& key : keys) {
      rig.stand_ins.pass_key();
      char got[64] = {};
      const ssize_t size = ::read(rig.pty.slave.get(), got, sizeof got);
      if (size < 0 || std::string(got, static_cast<size_t>(size)) != key) ::_exit(5);
    }
    rig.stand_ins.pass_key();  // there is none: does not wait

    // Back in line mode nothing is taken from the terminal.
    raw.c_lflag |= ICANON;
    Rig::set(rig.pty.slave.get(), raw);
    if (::write(rig.terminal.master.get(), "x\n", 2) < 0) ::_exit(6);
    rig.stand_ins.pass_key();
    if (rig.stand_ins.keys_fd() >= 0) ::_exit(7);
    char got[8];
    ::_exit(::read(rig.terminal.slave.get(), got, sizeof got) == 2 ? 0 : 8);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace gasoline::process
