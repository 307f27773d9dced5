#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/file_descriptor.h"
#include "process/child.h"
#include "process/keeper.h"

namespace gasoline::process {

Result<pid_t> start_keeper(const std::string& program, int connection) {
  const FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!nothing.is_open()) return Error::from_errno(errno, "open /dev/null");
  ChildOptions options;
  options.arguments = keeper_arguments(program);
  options.environment = keeper_environment();
  options.stdin_fd = connection;
  options.stdout_fd = options.stderr_fd = nothing.get();
  options.new_session = true;
  options.close_others = true;
  return spawn(options);
}

std::vector<std::string> keeper_arguments(const std::string& program) {
  return {program, "--keeper"};
}

std::vector<std::string> keeper_environment() {
  constexpr std::array<std::string_view, 4> kNeeded{"PATH=", "HOME=", "TZ=", "LANG="};
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const auto begins = [text](std::string_view name) { return text.starts_with(name); };
    if (std::any_of(kNeeded.begin(), kNeeded.end(), begins)) variables.emplace_back(text);
  }
  return variables;
}

std::string find_keeper_program() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size > 0) {
    const std::string_view self(path.data(), static_cast<size_t>(size));
    std::string beside = std::string(self.substr(0, self.rfind('/'))) + "/gasoline-run";
    if (::access(beside.c_str(), X_OK) == 0) return beside;
  }
  return "gasoline-run";
}

}  // namespace gasoline::process
