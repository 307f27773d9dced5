#include <sys/resource.h>

#include <catch2/catch.hpp>

#include "process/child.h"
#include "process/fixture.h"

namespace gasoline::process {
namespace {

TEST_CASE("we end with the child's exit code") {
  for (const int code : {0, 1, 7, 125, 126, 127, 128, 255}) {
    INFO(code);
    const int status = test::status_of_fork([code] { end_like({false, code}); });
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == code);
  }
}

TEST_CASE("we end by the child's signal, whatever we do with it ourselves, and leave no core") {
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGFPE, SIGKILL, SIGSEGV,
                           SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGUSR2, SIGBUS, SIGSYS, SIGXCPU}) {
    enum class Before { kDefault, kIgnored, kBlocked };
    for (const Before before : {Before::kDefault, Before::kIgnored, Before::kBlocked}) {
      INFO(number << " " << static_cast<int>(before));
      const int status = test::status_of_fork([=] {
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        ::setrlimit(RLIMIT_CORE, &unlimited);
        if (before == Before::kIgnored) ::signal(number, SIG_IGN);
        if (before == Before::kBlocked) {
          sigset_t set;
          sigfillset(&set);
          ::sigprocmask(SIG_BLOCK, &set, nullptr);
        }
        end_like({true, number});
      });
      REQUIRE(WIFSIGNALED(status));
      CHECK(WTERMSIG(status) == number);
      CHECK_FALSE(WCOREDUMP(status));
    }
  }
}

TEST_CASE("a signal that ends nobody still gives the code that a shell would show") {
  const int status = test::status_of_fork([] { end_like({true, SIGCHLD}); });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 128 + SIGCHLD);
}

}  // namespace
}  // namespace gasoline::process
