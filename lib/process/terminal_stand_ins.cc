#include "process/terminal_stand_ins.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "process/process_tree.h"

namespace gasoline::process {
namespace {

constexpr int64_t kLookIntervalUs = 10'000;

bool is_same(const termios& a, const termios& b) {
  return a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag && a.c_cflag == b.c_cflag &&
         a.c_lflag == b.c_lflag && std::equal(std::begin(a.c_cc), std::end(a.c_cc), b.c_cc);
}

bool is_same(const winsize& a, const winsize& b) {
  return a.ws_row == b.ws_row && a.ws_col == b.ws_col && a.ws_xpixel == b.ws_xpixel &&
         a.ws_ypixel == b.ws_ypixel;
}

/// Modes as cfmakeraw(3) leaves them, as far as can be seen where OPOST is always off: nobody else
/// turns off all of these and leaves "LF also returns the carriage" on.
bool looks_raw(const termios& modes) {
  constexpr tcflag_t kLocal = ICANON | ECHO | ISIG | IEXTEN;
  return (modes.c_lflag & kLocal) == 0 && (modes.c_iflag & (ICRNL | IXON)) == 0 &&
         (modes.c_oflag & ONLCR) != 0;
}

/// Sets a terminal's modes even from the background: the kernel would stop our whole group. Whether
/// they may be set is the caller's question.
void set_modes(int fd, const termios& modes) {
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGTTOU);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  ::tcsetattr(fd, TCSANOW, &modes);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// One key as a terminal sends it: a byte, a character of several (UTF-8), or an escape sequence
/// (ECMA-48: ESC [ or ESC O, and all up to a final byte from 0x40 to 0x7e).
std::string read_key(int fd) {
  constexpr size_t kKeySizeBytesMax = 32;
  constexpr char kEscape = '\x1b';
  std::string key;
  char byte = 0;
  size_t wanted = 1;
  while (key.size() < std::min(wanted, kKeySizeBytesMax) && ::read(fd, &byte, 1) == 1) {
    key.push_back(byte);
    const auto code = static_cast<unsigned char>(byte);
    if (key.size() == 1) {
      wanted = byte == kEscape ? 2 : code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : code >= 0xc0 ? 2 : 1;
    } else if (key[0] == kEscape && (key.size() > 2 || byte == '[' || byte == 'O')) {
      const bool is_final = key.size() > 2 && code >= 0x40 && code <= 0x7e;
      wanted = is_final ? key.size() : key.size() + 1;
    }
  }
  return key;
}

}  // namespace

Result<Pty> TerminalStandIns::add(int terminal_fd, bool may_want_keys) {
  auto pty = open_pty(terminal_fd);
  if (!pty) return pty;
  StandIn stand_in{};
  stand_in.terminal_fd = terminal_fd;
  if (::tcgetattr(terminal_fd, &stand_in.terminal) != 0) return pty;
  stand_in.may_want_keys = may_want_keys;
  stand_in.processes_output = (stand_in.terminal.c_oflag & OPOST) != 0;
  stand_in.master = FileDescriptor(::fcntl(pty->master.get(), F_DUPFD_CLOEXEC, 3));
  if (!stand_in.master.is_open()) return Error::from_errno(errno, "keep a pseudo-terminal");
  ::tcgetattr(stand_in.master.get(), &stand_in.pty);
  ::ioctl(stand_in.master.get(), TIOCGWINSZ, &stand_in.size);
  stand_ins_.push_back(std::move(stand_in));
  return pty;
}

bool TerminalStandIns::is_empty() const {
  const std::lock_guard lock(mutex_);
  return stand_ins_.empty();
}

void TerminalStandIns::remove(int terminal_fd) {
  const std::lock_guard lock(mutex_);
  std::erase_if(stand_ins_,
                [&](const StandIn& stand_in) { return stand_in.terminal_fd == terminal_fd; });
}

void TerminalStandIns::follow(bool at_once) {
  const std::lock_guard lock(mutex_);
  if (stand_ins_.empty()) return;
  const int64_t now_us = clock_.monotonic_us();
  const bool looks_at_terminal = at_once || now_us - looked_at_us_ >= kLookIntervalUs;
  if (looks_at_terminal) looked_at_us_ = now_us;
  bool has_new_size = false;
  for (StandIn& stand_in : stand_ins_) {
    follow_modes(stand_in, looks_at_terminal);
    if (looks_at_terminal) has_new_size |= follow_size(stand_in);
  }
  const bool is_due = size_due_at_us_ != 0 && now_us >= size_due_at_us_;
  if (has_new_size || is_due) tell_size();
  if (is_due) size_due_at_us_ = 0;
  if (has_new_size) size_due_at_us_ = now_us + kRepaintUs;
}

void TerminalStandIns::tell_size() {
  const int terminal_fd = stand_ins_.front().terminal_fd;
  const pid_t foreground = ::tcgetpgrp(terminal_fd);
  // Our own group's members but us ignore what they do not expect; we know our own signals.
  if (foreground > 0 && may_be_changed(terminal_fd)) ::kill(-foreground, SIGWINCH);
}

/// The one who changed last is followed; the child first, if both did.
void TerminalStandIns::follow_modes(StandIn& stand_in, bool looks_at_terminal) {
  termios pty{};
  if (::tcgetattr(stand_in.master.get(), &pty) != 0) return;
  if (!is_same(pty, stand_in.pty)) {
    // Kept for the time at which the child is in the foreground again.
    if (!may_be_changed(stand_in.terminal_fd)) return;
    termios wanted = pty;
    if (stand_in.processes_output && !looks_raw(pty)) wanted.c_oflag |= OPOST;
    set_modes(stand_in.terminal_fd, wanted);
    stand_in.pty = pty;
    stand_in.has_raw_keys = (pty.c_lflag & ICANON) == 0;
    ::tcgetattr(stand_in.terminal_fd, &stand_in.terminal);
    tell_made(stand_in.terminal_fd, stand_in.terminal);
    return;
  }
  termios terminal{};
  if (!looks_at_terminal || ::tcgetattr(stand_in.terminal_fd, &terminal) != 0) return;
  if (is_same(terminal, stand_in.terminal) || !may_be_changed(stand_in.terminal_fd)) return;
  stand_in.terminal = terminal;
  stand_in.has_raw_keys = false;
  terminal.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  ::tcsetattr(stand_in.master.get(), TCSANOW, &terminal);
  ::tcgetattr(stand_in.master.get(), &stand_in.pty);
}

bool TerminalStandIns::follow_size(StandIn& stand_in) {
  winsize size{};
  if (::ioctl(stand_in.terminal_fd, TIOCGWINSZ, &size) != 0 || is_same(size, stand_in.size)) {
    return false;
  }
  stand_in.size = size;
  return ::ioctl(stand_in.master.get(), TIOCSWINSZ, &size) == 0;
}

TerminalStandIns::StandIn* TerminalStandIns::key_reader() {
  const auto found = std::find_if(
      stand_ins_.begin(), stand_ins_.end(),
      [](const StandIn& stand_in) { return stand_in.may_want_keys && stand_in.has_raw_keys; });
  return found == stand_ins_.end() ? nullptr : &*found;
}

int TerminalStandIns::keys_fd() {
  const std::lock_guard lock(mutex_);
  const StandIn* reader = key_reader();
  if (reader == nullptr) return -1;
  if (!keys_.is_open()) {
    const std::string path = "/proc/self/fd/" + std::to_string(reader->terminal_fd);
    keys_ = FileDescriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  }
  return keys_.get();
}

void TerminalStandIns::pass_key() {
  follow(true);
  const std::lock_guard lock(mutex_);
  StandIn* reader = key_reader();
  // From the background a read would stop our group, or fail.
  if (reader == nullptr || ::tcgetpgrp(reader->terminal_fd) != ::getpgrp()) return;
  const std::string key = read_key(keys_.get());
  // A program that reads none of 4 KiB of keys loses some, as at any terminal.
  [[maybe_unused]] const ssize_t passed = ::write(reader->master.get(), key.data(), key.size());
}

void TerminalStandIns::remember(int terminal_fd) {
  if (remembered_fd_ < 0 && ::tcgetattr(terminal_fd, &remembered_) == 0)
    remembered_fd_ = terminal_fd;
}

void TerminalStandIns::restore() {
  const std::lock_guard lock(mutex_);
  termios terminal{};
  if (remembered_fd_ < 0 || ::tcgetattr(remembered_fd_, &terminal) != 0) return;
  const pid_t foreground = ::tcgetpgrp(remembered_fd_);
  // A job that the child had put into the foreground may have died with it.
  const bool is_left_behind = foreground > 0 && ::kill(-foreground, 0) != 0 && errno == ESRCH;
  if (is_same(terminal, remembered_) || !(is_left_behind || may_be_changed(remembered_fd_))) return;
  set_modes(remembered_fd_, remembered_);
}

void TerminalStandIns::tell_made(int terminal_fd, const termios& made) const {
  struct stat remembered {};
  struct stat changed {};
  const bool is_same_terminal = remembered_fd_ >= 0 && ::fstat(remembered_fd_, &remembered) == 0 &&
                                ::fstat(terminal_fd, &changed) == 0 &&
                                remembered.st_rdev == changed.st_rdev;
  if (on_made_ && is_same_terminal) on_made_(terminal_fd, remembered_, made);
}

void TerminalStandIns::restore_after_death(int terminal_fd, const termios& before,
                                           const termios& made) {
  termios now{};
  if (::tcgetattr(terminal_fd, &now) == 0 && is_same(now, made)) set_modes(terminal_fd, before);
}

/// True if our job is in the terminal's foreground: our own group, or one that the child made, as a
/// shell does. A terminal that does not control us knows no foreground for us.
bool TerminalStandIns::may_be_changed(int terminal_fd) const {
  const pid_t foreground = ::tcgetpgrp(terminal_fd);
  return foreground < 0 || foreground == ::getpgrp() || descends_from(foreground, child_);
}

}  // namespace gasoline::process
