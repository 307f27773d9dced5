#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "capture/holder_link.h"
#include "capture/sender.h"
#include "capture/spool_writer.h"
#include "capture/stream_pump.h"
#include "io/real_file_system.h"
#include "loop/loop.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "spool/held_run.h"
#include "spool/ring_directory.h"
#include "spool/run_journal.h"

namespace gasoline::run {

/// Goes on with a run whose wrapper was killed: reads the child's pipes where that stopped, to the
/// byte, and captures what comes, under the run's own numbers, until nobody holds them any more.
/// Nothing is shown. It is held by the daemon or a guardian in turn, as the wrapper was.
class Keeper {
 public:
  Keeper(spool::TakenRun taken, spool::HoldRequest request);

  /// Returns when the run has ended. An Error means that it cannot be gone on with: its rings are
  /// left to whoever recovers them, and its pipes close.
  Status run();

 private:
  struct Lane {
    spool::Stream stream;
    spool::StreamRing ring;
    spool::HeldStream held;
    std::unique_ptr<capture::StreamPump> pump;
  };

  Status open_rings();
  Status open_journal();
  void hold();
  void start_capture();
  void hang_up();
  void deliver();
  capture::Sender::Options sender_options() const;

  spool::TakenRun taken_;
  spool::HoldRequest request_;
  SystemClock clock_;
  SystemRandom random_;
  io::RealFileSystem files_;
  loop::Loop loop_;
  std::optional<spool::RingDirectory> rings_;
  std::deque<Lane> lanes_;
  spool::RunDescription run_;
  std::string spool_directory_;
  uint64_t next_seq_ = 1;
  FileDescriptor nowhere_;
  size_t lanes_open_ = 0;
  bool is_ended_by_user_ = false;
  std::optional<spool::HeldRun> held_;
  std::unique_ptr<capture::HolderLink> holder_;
  std::unique_ptr<loop::Mailbox> mailbox_;
  std::unique_ptr<loop::Timer> hang_up_timer_;
  std::unique_ptr<capture::SpoolWriter> spool_;
  std::unique_ptr<capture::Sender> sender_;
};

/// `gasoline-run --keeper`: is given a run over `connection`, waits until the connection ends, and
/// goes on with the run if its wrapper has left it. Returns the process's exit code.
int run_keeper(int connection);

}  // namespace gasoline::run
