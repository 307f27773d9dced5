#include "capture/daemon_starter.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "process/child.h"

namespace gasoline::capture {
namespace {

bool is_needed(std::string_view variable) {
  constexpr std::array<std::string_view, 14> kNeeded{
      "PATH=",   "HOME=",           "USER=",           "LOGNAME=",         "TZ=",
      "LANG=",   "LC_ALL=",         "XDG_STATE_HOME=", "XDG_RUNTIME_DIR=", "XDG_CONFIG_HOME=",
      "TMPDIR=", "XDG_CACHE_HOME=", "SSH_AUTH_SOCK=",  "DOCKER_HOST="};
  for (const std::string_view name : kNeeded) {
    if (variable.starts_with(name)) return true;
  }
  return false;
}

}  // namespace

DaemonStarter::~DaemonStarter() {
  reap();
}

Status DaemonStarter::start() {
  was_tried_ = true;
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.is_open()) return Error::from_errno(errno, "open /dev/null");
  process::ChildOptions options;
  options.arguments = {program_, "--background", "--idle-exit", "30m", "--lock-timeout", "6s"};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (is_needed(*variable)) options.environment.emplace_back(*variable);
  }
  options.stdin_fd = options.stdout_fd = options.stderr_fd = nothing.get();
  options.new_session = true;
  options.close_others = true;
  const auto pid = process::spawn(options);
  if (!pid) return pid.error();
  pid_ = *pid;
  return {};
}

void DaemonStarter::reap() {
  process::ChildEnd end;
  if (pid_ > 0 && process::reap(pid_, end)) pid_ = -1;
}

std::string find_daemon_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size > 0) {
    const std::string_view self(path.data(), static_cast<size_t>(size));
    std::string beside = std::string(self.substr(0, self.rfind('/'))) + "/gasolined";
    if (::access(beside.c_str(), X_OK) == 0) return beside;
  }
  return "gasolined";
}

}  // namespace gasoline::capture
