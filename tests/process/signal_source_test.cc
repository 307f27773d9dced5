#include "process/signal_source.h"

#include <poll.h>
#include <sys/time.h>

#include <array>
#include <catch2/catch.hpp>

#include "process/fixture.h"

namespace gasoline::process {
namespace {

bool is_readable(int fd, int timeout_ms) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, timeout_ms) == 1;
}

/// Restores the signal mask: a source leaves its signals blocked.
struct KeptMask {
  KeptMask() { ::pthread_sigmask(SIG_BLOCK, nullptr, &mask); }
  ~KeptMask() { ::pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  KeptMask(const KeptMask&) = delete;
  KeptMask& operator=(const KeptMask&) = delete;
  sigset_t mask{};
};

TEST_CASE("a signal that a process sent names its sender") {
  const KeptMask mask;
  const std::array<int, 2> signals{SIGUSR1, SIGUSR2};
  Result<SignalSource> source = SignalSource::create(signals);
  REQUIRE(source);
  CHECK_FALSE(source->take());
  CHECK_FALSE(is_readable(source->fd(), 0));

  ::kill(::getpid(), SIGUSR1);
  CHECK(is_readable(source->fd(), 1000));
  auto info = source->take();
  REQUIRE(info);
  CHECK(info->number == SIGUSR1);
  CHECK_FALSE(info->from_kernel);
  CHECK(info->sender == ::getpid());

  const pid_t other = ::fork();
  if (other == 0) {
    ::kill(::getppid(), SIGUSR2);
    ::_exit(0);
  }
  test::wait_for(other);
  info = source->take();
  REQUIRE(info);
  CHECK(info->number == SIGUSR2);
  CHECK(info->sender == other);
  CHECK_FALSE(source->take());
}

TEST_CASE("raise is a user's signal too") {
  const KeptMask mask;
  const std::array<int, 1> signals{SIGUSR1};
  Result<SignalSource> source = SignalSource::create(signals);
  REQUIRE(source);
  ::raise(SIGUSR1);
  const auto info = source->take();
  REQUIRE(info);
  CHECK_FALSE(info->from_kernel);
}

TEST_CASE("a signal of the kernel is told apart and has no sender") {
  const KeptMask mask;
  const std::array<int, 1> signals{SIGALRM};
  Result<SignalSource> source = SignalSource::create(signals);
  REQUIRE(source);
  const itimerval soon{{0, 0}, {0, 1000}};
  REQUIRE(::setitimer(ITIMER_REAL, &soon, nullptr) == 0);
  REQUIRE(is_readable(source->fd(), 60'000));
  const auto info = source->take();
  REQUIRE(info);
  CHECK(info->number == SIGALRM);
  CHECK(info->from_kernel);
  CHECK(info->sender == 0);
}

TEST_CASE("a child's end is told by the kernel") {
  const KeptMask mask;
  const std::array<int, 1> signals{SIGCHLD};
  Result<SignalSource> source = SignalSource::create(signals);
  REQUIRE(source);
  const Result<pid_t> pid = spawn(test::shell("exit 3"));
  REQUIRE(pid);
  CHECK(is_readable(source->fd(), 60'000));
  const auto info = source->take();
  REQUIRE(info);
  CHECK(info->number == SIGCHLD);
  CHECK(info->from_kernel);
  CHECK(test::wait_for(*pid).code == 3);
}

TEST_CASE("only the signals that were asked for are taken") {
  const int status = test::status_of_fork([] {
    const std::array<int, 1> signals{SIGUSR1};
    const Result<SignalSource> source = SignalSource::create(signals);
    if (!source) ::_exit(1);
    ::raise(SIGUSR1);
    ::raise(SIGUSR2);
  });
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR2);
}

TEST_CASE("suspending stops the process as the suspend key would, until it is continued") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    // A group of its own that is not orphaned: the kernel stops no member of an orphaned one.
    ::setpgid(0, 0);
    const std::array<int, 1> signals{SIGTSTP};
    const Result<SignalSource> source = SignalSource::create(signals);
    suspend_self(SIGTSTP);
    ::_exit(source ? 5 : 6);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, WUNTRACED) == pid);
  REQUIRE(WIFSTOPPED(status));
  CHECK(WSTOPSIG(status) == SIGTSTP);
  ::kill(pid, SIGCONT);
  const ChildEnd end = test::wait_for(pid);
  CHECK_FALSE(end.by_signal);
  CHECK(end.code == 5);
}

}  // namespace
}  // namespace gasoline::process
