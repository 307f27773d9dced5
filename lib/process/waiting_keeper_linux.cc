#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "process/child.h"
#include "process/keeper.h"
#include "process/waiting_keeper.h"

/// clone(2), by the C library's own name for it: before the other one ThreadSanitizer puts itself,
/// and then takes the process that shares our memory for a copy of ours.
extern "C" int __clone(int (*run)(void*), void* stack_end, int flags, void* argument, ...) noexcept;

namespace gasoline::process {

/// All that the other process uses of our memory. That outlives us as long as he has it.
struct WaitingKeeper::Shared {
  static constexpr size_t kStackSizeBytes = 16 * 1024;

  std::vector<std::string> argument_texts;
  std::vector<std::string> environment_texts;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  int connection = -1;
  // Through a pointer that is there already: he must not be the one to look the function up.
  decltype(&::syscall) call = &::syscall;
  alignas(64) std::array<char, kStackSizeBytes> stack;
};

WaitingKeeper::WaitingKeeper() = default;

WaitingKeeper::~WaitingKeeper() {
  dismiss();
}

/// Runs in the other process, on a stack of its own, but with the thread-local memory of the thread
/// that started it: so there is nothing here but system calls, none of which fails (and would set
/// errno) while that thread lives. Signals stay blocked as that thread has them.
__attribute__((no_sanitize("address", "thread", "undefined"), no_stack_protector)) int
WaitingKeeper::wait_and_become(void* argument) {
  const auto& shared = *static_cast<const Shared*>(argument);
  const auto call = shared.call;
  call(SYS_setsid);
  // Nobody's pipe stays open for our sake.
  call(SYS_dup3, shared.connection, STDIN_FILENO, 0);
  call(SYS_close_range, STDOUT_FILENO, ~0U, 0);
  pollfd end{STDIN_FILENO, 0, 0};
  while (call(SYS_ppoll, &end, 1, nullptr, nullptr, 0) != 1) {
  }
  call(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);  // the standard output
  call(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
  const uint64_t nothing_blocked = 0;
  call(SYS_rt_sigprocmask, SIG_SETMASK, &nothing_blocked, nullptr, sizeof nothing_blocked);
  call(SYS_execve, shared.arguments[0], shared.arguments, shared.environment);
  call(SYS_exit_group, 127);
  return 127;
}

Status WaitingKeeper::start(const std::string& program, int connection) {
  constexpr std::string_view kDoing = "start somebody who waits for our end";
  dismiss();
  if (program.find('/') == program.npos) return Error::from_errno(ENOENT, kDoing);
  shared_.reset(new Shared);  // not make_unique, which would clear the stack
  Shared& shared = *shared_;
  shared.argument_texts = keeper_arguments(program);
  shared.environment_texts = keeper_environment();
  shared.argument_pointers = pointers_to(shared.argument_texts);
  shared.environment_pointers = pointers_to(shared.environment_texts);
  shared.arguments = shared.argument_pointers.data();
  shared.environment = shared.environment_pointers.data();
  shared.connection = connection;
  char* const stack_end = shared.stack.data() + shared.stack.size();
  const int pid = ::__clone(wait_and_become, stack_end, CLONE_VM | SIGCHLD, &shared);
  if (pid < 0) return Error::from_errno(errno, kDoing);
  pid_ = pid;
  return {};
}

void WaitingKeeper::dismiss() {
  if (!is_there()) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

void WaitingKeeper::leave_behind() {
  if (!is_there()) return;
  ::kill(pid_, SIGKILL);
  pid_ = -1;
  // He may not have noticed yet.
  static_cast<void>(shared_.release());
}

}  // namespace gasoline::process
