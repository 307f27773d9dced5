#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "process/process_tree.h"
#include "wrapper.h"

// The part of the wrapper that speaks with the terminal and with job control.
namespace gasoline::run {
namespace {

constexpr std::array<int, 11> kSignals{SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,  SIGUSR1, SIGUSR2,
                                       SIGCONT, SIGTSTP, SIGTTIN, SIGWINCH, SIGCHLD};
constexpr int64_t kBeforeStopUs = 500'000;  // for the child's last bytes to get to the terminal
constexpr int64_t kUnreadKeyUs = 20'000;
constexpr int kExecMs = 50;

}  // namespace

/// Starts the child while another thread takes signals: the suspend key may stop it before it has
/// become the command, and until then the thread that starts it cannot go on.
Result<pid_t> Wrapper::spawn_beside_signals(const process::ChildOptions& child) {
  std::optional<Result<pid_t>> pid;
  const FileDescriptor done(::eventfd(0, EFD_CLOEXEC));
  std::thread starter([&] {
    pid = process::spawn(child);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(done.get(), &one, sizeof one);
  });
  std::array<pollfd, 2> entries{{{signals_->fd(), POLLIN, 0}, {done.get(), POLLIN, 0}}};
  while (entries[1].revents == 0) {
    ::poll(entries.data(), entries.size(), -1);
    while (const auto signal = signals_->take()) {
      if (signal->number != SIGCHLD) early_signals_.push_back(signal->number);
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
        continue;
      // Has it become the command, and then stopped? That is to be seen to after its output.
      if (::poll(&entries[1], 1, kExecMs) != 0) break;
      std::erase(early_signals_, info.si_status);
      process::suspend_self(info.si_status);
      ::kill(info.si_pid, SIGCONT);  // if only we were continued
    }
  }
  starter.join();
  return *pid;
}

Status Wrapper::watch_signals() {
  auto signals = process::SignalSource::create(kSignals);
  if (!signals) return signals.error();
  signals_.emplace(std::move(*signals));
  signal_poll_ = std::make_unique<loop::Poll>(loop_, [this](int, const Error*) {
    while (const auto signal = signals_->take()) on_signal(*signal);
  });
  return signal_poll_->start(signals_->fd(), UV_READABLE);
}

void Wrapper::on_signal(const process::SignalInfo& signal) {
  if (signal.number == SIGCHLD) {
    on_child_ended();
    return on_child_stopped();
  }
  if (signal.sender == ::getpid()) return;  // meant for the others in our group
  if (!end_) return forward(signal);
  const bool asks_to_end = signal.number == SIGINT || signal.number == SIGTERM ||
                           signal.number == SIGHUP || signal.number == SIGQUIT;
  if (asks_to_end) stop_waiting();
}

/// The child gets what it would get without us, once: what the terminal sends goes to every process
/// of the group, and so has reached the child already if it is in ours.
void Wrapper::forward(const process::SignalInfo& signal) {
  if (signal.number == SIGWINCH || signal.number == SIGCONT) stand_ins_.follow(true);
  if (signal.number == SIGWINCH && follow_timer_) {
    follow_timer_->start(process::TerminalStandIns::kRepaintUs, kFollowIntervalUs);
  }
  if (!shares_group_) {
    is_suspending_ = signal.number == SIGTSTP;
    ::kill(-child_, signal.number);
  } else if (!reached_child_already(signal)) {
    ::kill(child_, signal.number);
  }
}

void Wrapper::follow_terminals() {
  stand_ins_.follow(true);
  if (stand_ins_.keys_fd() >= 0) {
    watch_keys();
  } else {
    keys_poll_.reset();
  }
}

/// A key that nobody has read from the terminal for a while is for a program that waits for it at a
/// stand-in.
void Wrapper::watch_keys() {
  if (keys_poll_ || (keys_timer_ && keys_timer_->is_active())) return;
  keys_poll_ = std::make_unique<loop::Poll>(loop_, [this](int, const Error*) {
    keys_poll_.reset();
    keys_timer_ = std::make_unique<loop::Timer>(loop_, [this] {
      stand_ins_.pass_key();
      follow_terminals();
    });
    keys_timer_->start(kUnreadKeyUs);
  });
  if (!keys_poll_->start(stand_ins_.keys_fd(), UV_READABLE)) keys_poll_.reset();
}

/// True if a signal that came to us while we share a group was meant for all of the group.
bool Wrapper::reached_child_already(const process::SignalInfo& signal) const {
  if (signal.from_kernel) return true;
  // A shell continues its job as a whole; a child that runs needs no second notice.
  if (signal.number == SIGCONT) return !process::is_stopped(child_);
  // "kill 0", or an editor that suspends itself and everybody with it.
  return process::descends_from(signal.sender, child_);
}

/// Our parent, a shell with job control perhaps, must see what it would see without us: that the
/// job has stopped, when and only when the command has.
void Wrapper::on_child_stopped() {
  if (end_ || !(shares_group_ || is_suspending_)) return;
  const auto stop = process::take_stop(child_);
  if (!stop) return;
  is_suspending_ = false;
  // What the command wrote last must not come out after the shell's prompt.
  for (Lane& lane : lanes_) lane.pump->wait_until_passed(kBeforeStopUs);
  stand_ins_.follow(true);
  process::suspend_self(*stop);
  stand_ins_.follow(true);
}

}  // namespace gasoline::run
