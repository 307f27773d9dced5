#include "process/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>

#include <catch2/catch.hpp>

#include "process/fixture.h"

namespace gasoline::process {
namespace {

TEST_CASE("without a terminal nobody is in its foreground") {
  const int status = test::status_of_fork([] {
    ::setsid();
    ::_exit(is_in_foreground_of_terminal() ? 1 : 0);
  });
  CHECK(status == 0);
}

TEST_CASE("a group is in the foreground of its terminal or behind it") {
  const int status = test::status_of_fork([] {
    const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) ::_exit(1);
    ::setsid();
    const int terminal = ::open(::ptsname(master), O_RDWR);  // becomes ours
    if (terminal < 0 || !is_in_foreground_of_terminal()) ::_exit(2);
    const pid_t other = ::fork();
    if (other == 0) {
      ::setpgid(0, 0);
      ::_exit(is_in_foreground_of_terminal() ? 1 : 0);
    }
    int behind = 0;
    ::waitpid(other, &behind, 0);
    ::_exit(behind == 0 ? 0 : 3);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace gasoline::process
