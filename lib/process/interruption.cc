#include "process/interruption.h"

#include <signal.h>

namespace gasoline::process {
namespace {

constexpr int kSignal = SIGURG;  // whose default action is nothing, should it come from elsewhere

void do_nothing(int) {}

}  // namespace

bool can_interrupt_threads() {
  struct sigaction action {};
  if (::sigaction(kSignal, nullptr, &action) != 0 || action.sa_handler == SIG_IGN) return false;
  action = {};
  action.sa_handler = do_nothing;  // without SA_RESTART
  return ::sigaction(kSignal, &action, nullptr) == 0;
}

void allow_interruption() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, kSignal);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void interrupt(pthread_t thread) { ::pthread_kill(thread, kSignal); }

}  // namespace gasoline::process
