#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/places.h"
#include "base/random.h"
#include "capture/holder_link.h"
#include "capture/sender.h"
#include "capture/spool_writer.h"
#include "capture/stream_pump.h"
#include "io/real_file_system.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "options.h"
#include "process/child.h"
#include "process/signal_source.h"
#include "process/terminal_stand_ins.h"
#include "process/write_order.h"
#include "spool/held_run.h"
#include "spool/ring_directory.h"

namespace gasoline::run {

/// Runs one command and captures what it writes.
///
///     child -> pipe or pty -> StreamPump -> our stdout / stderr
///                                 \-> StreamRing -> SpoolWriter -> journal -> Sender -> gasolined
///
/// Two pumps, the spool's thread, the sender's thread, and the loop on the calling thread, which
/// handles signals and the child's end. Made once, used once; the process ends after it.
class Wrapper {
 public:
  /// `closed`: the standard streams that we were started without.
  Wrapper(Options options, Environment environment, process::ClosedStreams closed);

  /// Returns when the command has ended and its output is passed on and spooled. An Error means
  /// that it could not be started; code ENOENT for "not found".
  Result<process::ChildEnd> run();

 private:
  static constexpr int64_t kFollowIntervalUs = 100'000;  // of the stand-ins, where nothing tells us

  struct Lane {
    spool::Stream stream;
    int output_fd;
    FileDescriptor child_end;  // what the child writes to
    FileDescriptor our_end;
    bool is_terminal = false;  // for the child
    process::Pipe staging;     // not open: nobody could go on with it
    std::optional<spool::StreamRing> ring;
    std::unique_ptr<capture::StreamPump> pump;
  };

  void describe();
  void make_ring_directory();
  Result<spool::StreamRing> make_ring(spool::Stream stream);
  void make_lanes();
  void hold();
  spool::HeldSettings held_settings() const;
  bool put_into_escrow(spool::HeldRun& held);
  void tell_holder_of_child();
  void lose_holder(const std::string& why);
  void add_lane(spool::Stream stream, int output_fd);
  bool wants_terminal(int output_fd) const;
  void keep_order();
  Status start_child();
  Result<pid_t> spawn_beside_signals(const process::ChildOptions& child);
  void prepare_spool();
  void start_capture();
  Status watch_signals();
  void on_signal(const process::SignalInfo& signal);
  void forward(const process::SignalInfo& signal);
  bool reached_child_already(const process::SignalInfo& signal) const;
  void on_child_ended();
  void on_child_stopped();
  void follow_terminals();
  void watch_keys();
  void on_lane_ended();
  void prepare_hand_over();
  void hand_over();
  void stop_waiting();
  void deliver();
  void sync_behind();
  std::string started_members() const;
  std::string ended_members() const;
  std::vector<std::string> child_environment() const;
  std::string spool_directory() const;
  std::string memory_spool_directory() const;
  capture::Sender::Options sender_options() const;
  void warn(const std::string& text);

  const Options options_;
  const Environment environment_;
  const process::ClosedStreams closed_;
  const Places places_;
  SystemClock clock_;
  SystemRandom random_;
  io::RealFileSystem files_;
  loop::Loop loop_;

  spool::RunDescription run_;
  std::string directory_;  // where the command was started
  std::string worktree_;
  std::string url_;  // that the child is told
  http::Client::Target target_;

  bool shares_group_ = false;  // with the child: both are in the terminal's foreground group
  bool sigpipe_was_ignored_ = false;
  bool sigchld_was_ignored_ = false;
  sigset_t mask_at_start_{};
  std::vector<int> early_signals_;  // that came before the child was there
  bool is_suspending_ = false;      // we were told to stop, and stop once the child has
  process::TerminalStandIns stand_ins_{clock_};
  std::unique_ptr<process::WriteOrder> order_;  // if both streams go to one terminal
  std::optional<spool::RingDirectory> rings_;  // none: they are in memory that dies with us
  std::vector<Lane> lanes_;
  std::once_flag lost_holder_;
  std::optional<spool::HeldRun> held_;  // none: nobody can go on after our death
  std::unique_ptr<capture::HolderLink> holder_;
  pid_t child_ = -1;
  std::optional<process::ChildEnd> end_;
  size_t lanes_open_ = 0;
  bool is_hurried_ = false;  // the user does not want to wait for our own work

  std::optional<process::SignalSource> signals_;
  std::unique_ptr<loop::Poll> signal_poll_;
  std::unique_ptr<loop::Mailbox> mailbox_;
  std::unique_ptr<loop::Timer> hand_over_timer_;
  std::unique_ptr<loop::Timer> follow_timer_;
  std::unique_ptr<loop::Poll> keys_poll_;
  std::unique_ptr<loop::Timer> keys_timer_;
  std::unique_ptr<capture::SpoolWriter> spool_;
  std::unique_ptr<capture::Sender> sender_;
  std::atomic<bool> has_child_ended_{false};  // for threads that want to say something
  std::mutex warn_mutex_;
  std::vector<std::string> held_warnings_;
};

}  // namespace gasoline::run
