#include <catch2/catch.hpp>

#include "process/child.h"
#include "process/fixture.h"

namespace gasoline::process {
namespace {

TEST_CASE("closed standard streams are found and taken, in any combination") {
  for (int closed = 0; closed < 8; ++closed) {
    INFO(closed);
    const int status = test::status_of_fork([closed] {
      for (int fd = 0; fd <= 2; ++fd) {
        if ((closed >> fd & 1) != 0) ::close(fd);
      }
      const ClosedStreams found = occupy_standard_streams();
      const int seen = (found.stdin_closed ? 1 : 0) | (found.stdout_closed ? 2 : 0) |
                       (found.stderr_closed ? 4 : 0);
      if (seen != closed) ::_exit(1);
      struct stat null {};
      if (::stat("/dev/null", &null) != 0) ::_exit(2);
      for (int fd = 0; fd <= 2; ++fd) {
        struct stat status_of {};
        if (::fstat(fd, &status_of) != 0) ::_exit(3);
        const bool is_null = S_ISCHR(status_of.st_mode) && status_of.st_rdev == null.st_rdev;
        if ((closed >> fd & 1) != 0 && !is_null) ::_exit(4);
      }
      // The next descriptor cannot come to stand for a stream.
      ::_exit(::open("/dev/null", O_RDONLY) > 2 ? 0 : 5);
    });
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
}

}  // namespace
}  // namespace gasoline::process
