#pragma once

#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/result.h"
#include "process/pty.h"

namespace gasoline::process {

/// The pseudo-terminals that stand in for the terminal behind the output streams of one child.
///
///     keys ----------------> terminal: stdin, /dev/tty, job control     <--- the child, directly
///     screen <-- we write -- terminal <-- we copy -- stand-in: stdout   <--- the child
///
/// The child keeps the real terminal for everything but what it writes. What a program does to a
/// stand-in as if it were the terminal has to be done to the terminal, and the other way round:
///
/// - modes: curses sets the terminal's modes through stdout. follow() looks at them and carries a
///   change over, but never while the child is in the background, where it may not change them.
/// - the window's size: follow() carries it over to the stand-in, and tells the foreground group by
///   a second SIGWINCH, since the kernel's came when the stand-in still had its old size; and by a
///   third, kRepaintUs later: a program that is busy with the first may overlook the next (less).
/// - keys: a pager (less, more) reads them from the terminal that it finds behind stderr. While a
///   program has taken a stand-in out of line mode, keys that nobody reads from the terminal are
///   its.
///
/// Any thread may call; nothing blocks longer than a few system calls.
class TerminalStandIns {
 public:
  static constexpr int64_t kRepaintUs = 30'000;

  explicit TerminalStandIns(const Clock& clock) : clock_(clock) {}

  /// Makes a stand-in for the terminal `terminal_fd`, which is borrowed until destruction; call
  /// before the child and any thread starts. If that is no terminal the stand-in follows nothing.
  /// `may_want_keys`: a program that sets its modes may read keys from it too.
  Result<Pty> add(int terminal_fd, bool may_want_keys);
  bool is_empty() const;
  /// Nobody reads the stand-in for `terminal_fd` any more: closes our part of it, so that the child
  /// notices.
  void remove(int terminal_fd);

  /// The child, and so everything under it, may use the terminal while in the foreground.
  void set_child(pid_t child) { child_ = child; }
  /// Carries over what has changed since the last call: modes each time, since what is read next
  /// may rely on them; the rest, unless `at_once`, not more often than each 10 ms.
  void follow(bool at_once);
  /// A description of the terminal of our own, non-blocking, that is readable when there are keys
  /// which a program may be waiting for at a stand-in; -1 while none may. As seen by follow().
  int keys_fd();
  /// Moves the first key that waits there to that program's stand-in. For a caller that has given
  /// the program time: to read it from the terminal, in case that is where it reads, and to end
  /// after the key before, which leaves this one to the next program.
  void pass_key();
  /// `on_made` is called, with our lock held, when we have changed a terminal's modes: its
  /// descriptor, what remember() found (if it was this terminal) and what we made of it.
  using OnMade = std::function<void(int terminal_fd, const termios& before, const termios& made)>;
  void set_on_made(OnMade on_made) { on_made_ = std::move(on_made); }
  /// Notes the modes of the first `terminal_fd`, borrowed likewise, that is a terminal.
  void remember(int terminal_fd);
  /// Gives the terminal the modes that it had at remember(). To be called when the child did not
  /// get to it: it was killed. Nothing if another job has the terminal by now.
  void restore();
  /// Likewise, for somebody who goes on after our death, from any session: only if the terminal
  /// still has the modes that we made.
  static void restore_after_death(int terminal_fd, const termios& before, const termios& made);

 private:
  struct StandIn {
    int terminal_fd;
    FileDescriptor master;  // a duplicate: that of add() goes to whoever reads it
    bool may_want_keys;
    bool has_raw_keys;      // the child took it out of line mode, and not the terminal
    bool processes_output;  // the terminal does (OPOST), unless a program wants it raw
    termios terminal{};     // its modes when we last looked
    termios pty{};
    winsize size{};
  };

  void follow_modes(StandIn& stand_in, bool looks_at_terminal);
  bool follow_size(StandIn& stand_in);
  void tell_size();
  bool may_be_changed(int terminal_fd) const;
  void tell_made(int terminal_fd, const termios& made) const;
  StandIn* key_reader();

  const Clock& clock_;
  pid_t child_ = -1;
  mutable std::mutex mutex_;
  std::vector<StandIn> stand_ins_;
  int64_t looked_at_us_ = 0;
  int64_t size_due_at_us_ = 0;  // when the third SIGWINCH is due; 0 if none is
  FileDescriptor keys_;
  int remembered_fd_ = -1;
  termios remembered_{};
  OnMade on_made_;
};

}  // namespace gasoline::process
