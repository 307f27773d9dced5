#include "background.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/places.h"

namespace gasoline::daemon_app {
namespace {

constexpr off_t kLogSizeBytesMax = 10 << 20;

Result<FileDescriptor> open_log(const std::string& path) {
  if (Status made = make_private_directories(path.substr(0, path.rfind('/'))); !made) {
    return made.error();
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && status.st_size > kLogSizeBytesMax) {
    ::rename(path.c_str(), (path + ".1").c_str());
  }
  FileDescriptor log(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!log.is_open()) return Error::from_errno(errno, "open the log file '" + path + "'");
  return log;
}

/// Ends the process that was started, with what the daemon reports.
[[noreturn]] void wait_for_report(int fd) {
  unsigned char code = 1;
  ssize_t got = 0;
  do {
    got = ::read(fd, &code, 1);
  } while (got < 0 && errno == EINTR);
  ::_exit(got == 1 ? code : 1);
}

}  // namespace

Result<Background> Background::enter(const std::string& log_path) {
  auto log = open_log(log_path);
  if (!log) return log.error();
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return Error::from_errno(errno, "make a pipe");
  const pid_t child = ::fork();
  if (child < 0) return Error::from_errno(errno, "fork");
  if (child > 0) {
    ::close(pipe[1]);
    wait_for_report(pipe[0]);
  }
  ::close(pipe[0]);
  ::setsid();
  // A second fork: not a session leader, so no terminal can become ours.
  const pid_t grandchild = ::fork();
  if (grandchild != 0) ::_exit(grandchild < 0 ? 1 : 0);
  ::umask(077);
  if (::chdir("/") != 0) return Error::from_errno(errno, "change to /");
  const FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  ::dup2(nothing.get(), STDIN_FILENO);
  return Background(FileDescriptor(pipe[1]), std::move(*log));
}

void Background::report(int exit_code) {
  ::dup2(log_.get(), STDOUT_FILENO);
  ::dup2(log_.get(), STDERR_FILENO);
  const auto code = static_cast<unsigned char>(exit_code);
  [[maybe_unused]] const ssize_t written = ::write(pipe_.get(), &code, 1);
  pipe_.reset();
}

Status write_pid_file(const std::string& path) {
  const FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  const std::string text = std::to_string(::getpid()) + "\n";
  if (!file.is_open() ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return Error::from_errno(errno, "write the pid file '" + path + "'");
  }
  return {};
}

}  // namespace gasoline::daemon_app
