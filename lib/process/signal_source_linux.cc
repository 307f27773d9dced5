#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

#include "process/signal_source.h"

namespace gasoline::process {

Result<SignalSource> SignalSource::create(std::span<const int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  if (const int code = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); code != 0) {
    return Error::from_errno(code, "block signals");
  }
  FileDescriptor fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.is_open()) return Error::from_errno(errno, "open a signal descriptor");
  return SignalSource(std::move(fd));
}

std::optional<SignalInfo> SignalSource::take() {
  signalfd_siginfo raw{};
  if (::read(fd_.get(), &raw, sizeof raw) != static_cast<ssize_t>(sizeof raw)) return std::nullopt;
  SignalInfo info;
  info.number = static_cast<int>(raw.ssi_signo);
  info.from_kernel = raw.ssi_code > 0;
  info.sender = info.from_kernel ? 0 : static_cast<pid_t>(raw.ssi_pid);
  return info;
}

void suspend_self(int signal_number) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  // To the process, not to this thread: every thread of ours has the signal blocked, and the stop
  // happens when this one lets it in.
  ::kill(::getpid(), signal_number);
  ::pthread_sigmask(SIG_UNBLOCK, &set, &before);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool was_ignored_at_start(int signal_number) {
  struct sigaction action {};
  return ::sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace gasoline::process
