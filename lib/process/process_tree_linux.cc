#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "process/process_tree.h"

namespace gasoline::process {
namespace {

struct Entry {
  char state = '\0';  // as ps shows it; \0 if the process is gone
  pid_t parent = 0;
};

/// From /proc/PID/stat: "PID (NAME) STATE PARENT ...", proc(5). A name may hold any character.
Entry look_at(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 256> bytes{};
  const ssize_t size = file.is_open() ? ::read(file.get(), bytes.data(), bytes.size()) : -1;
  if (size <= 0) return {};
  const std::string_view text(bytes.data(), static_cast<size_t>(size));
  const size_t name_end = text.rfind(')');
  if (name_end == text.npos || name_end + 4 >= text.size()) return {};
  Entry entry;
  entry.state = text[name_end + 2];
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), entry.parent);
  return entry;
}

}  // namespace

bool descends_from(pid_t pid, pid_t ancestor) {
  constexpr int kGenerationsMax = 64;
  for (int i = 0; i < kGenerationsMax && pid > 1; ++i) {
    if (pid == ancestor) return true;
    pid = look_at(pid).parent;
  }
  return false;
}

bool is_stopped(pid_t pid) {
  return look_at(pid).state == 'T';
}

// By their numbers: the C library of Debian 12 declares them for C only.
FileDescriptor open_process(pid_t pid) {
  return FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

void hang_up_group(int process, pid_t pid) {
  if (::syscall(SYS_pidfd_send_signal, process, 0, nullptr, 0) != 0) return;
  const pid_t group = ::getpgid(pid);
  if (group <= 1 || group == ::getpgrp()) return;
  ::kill(-group, SIGHUP);
  ::kill(-group, SIGCONT);
}

}  // namespace gasoline::process
