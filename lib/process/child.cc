#include "process/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "process/process_tree.h"

namespace gasoline::process {
namespace {

/// posix_spawn's two parameter blocks, destroyed together.
class SpawnSettings {
 public:
  SpawnSettings() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

/// The file that the command's name stands for, found as posix_spawnp finds it.
std::string find_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/bin:/usr/bin";
  for (;;) {
    const size_t end = std::min(rest.find(':'), rest.size());
    const std::string directory(rest.substr(0, end));
    // An empty place in PATH is the working directory.
    const std::string file = (directory.empty() ? "." : directory) + "/" + name;
    struct stat status {};
    if (::access(file.c_str(), X_OK) == 0 && ::stat(file.c_str(), &status) == 0 &&
        S_ISREG(status.st_mode)) {
      return file;
    }
    if (end == rest.size()) return name;
    rest.remove_prefix(end + 1);
  }
}

void place(SpawnSettings& settings, int from, int to) {
  if (from == ChildOptions::kInherit) return;
  if (from == ChildOptions::kClosed) {
    posix_spawn_file_actions_addclose(&settings.actions, to);
    return;
  }
  // dup2 onto itself would keep close-on-exec set; glibc clears it in this case.
  posix_spawn_file_actions_adddup2(&settings.actions, from, to);
}

}  // namespace

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const ChildOptions& options) {
  SpawnSettings settings;
  place(settings, options.stdin_fd, STDIN_FILENO);
  place(settings, options.stdout_fd, STDOUT_FILENO);
  place(settings, options.stderr_fd, STDERR_FILENO);
  if (options.close_others) {
    posix_spawn_file_actions_addclosefrom_np(&settings.actions, STDERR_FILENO + 1);
  }

  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  sigset_t mask;
  sigemptyset(&mask);
  posix_spawnattr_setsigmask(&settings.attributes,
                             options.signal_mask != nullptr ? options.signal_mask : &mask);
  // SIGPIPE is the one signal that we ignore ourselves; the child must not inherit that.
  sigset_t defaults;
  sigemptyset(&defaults);
  if (!options.ignores_sigpipe) sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&settings.attributes, &defaults);
  if (options.new_group) {
    flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setpgroup(&settings.attributes, 0);
  }
  if (options.new_session) flags |= POSIX_SPAWN_SETSID;
  posix_spawnattr_setflags(&settings.attributes, flags);

  std::vector<char*> arguments = pointers_to(options.arguments);
  const std::vector<char*> environment = pointers_to(options.environment);
  pid_t pid = -1;
  // posix_spawn can set a signal to its default, not to "ignored": the child copies what we have
  // now.
  const auto sigchld = options.ignores_sigchld ? ::signal(SIGCHLD, SIG_IGN) : SIG_ERR;
  int code = posix_spawnp(&pid, arguments[0], &settings.actions, &settings.attributes,
                          arguments.data(), environment.data());
  if (code == ENOEXEC) {
    static constexpr char kShell[] = "/bin/sh";
    // The shell does not look into PATH for a script that it is to run.
    std::string script = find_in_path(options.arguments[0]);
    arguments[0] = script.data();
    arguments.insert(arguments.begin(), const_cast<char*>(kShell));
    code = posix_spawn(&pid, kShell, &settings.actions, &settings.attributes, arguments.data(),
                       environment.data());
  }
  if (sigchld != SIG_ERR) ::signal(SIGCHLD, sigchld);
  if (code != 0) return Error::from_errno(code, "start '" + options.arguments[0] + "'");
  return pid;
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "make a pipe");
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

ClosedStreams occupy_standard_streams() {
  const auto is_closed = [](int fd) { return ::fcntl(fd, F_GETFD) < 0 && errno == EBADF; };
  const ClosedStreams closed{is_closed(STDIN_FILENO), is_closed(STDOUT_FILENO),
                             is_closed(STDERR_FILENO)};
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (!is_closed(fd)) continue;
    // open() takes the lowest free number, which is this one.
    [[maybe_unused]] const int taken = ::open("/dev/null", O_RDWR);
  }
  return closed;
}

bool reap(pid_t pid, ChildEnd& end) {
  int status = 0;
  pid_t got = 0;
  do {
    got = ::waitpid(pid, &status, WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got != pid) return false;
  end.by_signal = WIFSIGNALED(status);
  end.code = end.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
  return true;
}

std::optional<int> take_stop(pid_t pid) {
  siginfo_t info{};
  const int got = ::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WNOHANG);
  if (got != 0 || info.si_pid != pid) return std::nullopt;
  // Whoever continues a whole group may have got to us first.
  return is_stopped(pid) ? std::optional<int>(info.si_status) : std::nullopt;
}

void end_like(const ChildEnd& end) {
  if (end.by_signal) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    // A core that is piped to a program is not subject to that limit.
    ::prctl(PR_SET_DUMPABLE, 0);
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    ::sigaction(end.code, &action, nullptr);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, end.code);
    ::raise(end.code);
    ::pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
    // Reached only if the signal's default action is not to end a process.
    ::_exit(128 + end.code);
  }
  ::_exit(end.code);
}

}  // namespace gasoline::process
