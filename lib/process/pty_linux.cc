#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include <cerrno>

#include "process/pty.h"

namespace gasoline::process {

Result<Pty> open_pty(int like_fd) {
  Pty pty;
  pty.master = FileDescriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.master.is_open()) return Error::from_errno(errno, "open a pseudo-terminal");
  if (::grantpt(pty.master.get()) != 0 || ::unlockpt(pty.master.get()) != 0) {
    return Error::from_errno(errno, "unlock a pseudo-terminal");
  }
  // Not by its name: /dev/pts may belong to another mount namespace, or be missing.
  pty.slave = FileDescriptor(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!pty.slave.is_open()) return Error::from_errno(errno, "open a pseudo-terminal's slave");

  termios modes{};
  if (::tcgetattr(like_fd, &modes) != 0 && ::tcgetattr(pty.slave.get(), &modes) != 0) {
    return Error::from_errno(errno, "read a pseudo-terminal's modes");
  }
  modes.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  if (::tcsetattr(pty.slave.get(), TCSANOW, &modes) != 0) {
    return Error::from_errno(errno, "set a pseudo-terminal's modes");
  }
  winsize size{24, 80, 0, 0};
  if (winsize like{}; ::ioctl(like_fd, TIOCGWINSZ, &like) == 0) size = like;
  ::ioctl(pty.master.get(), TIOCSWINSZ, &size);
  return pty;
}

}  // namespace gasoline::process
