#include "keeper.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "base/assert.h"
#include "process/keeper.h"
#include "process/process_tree.h"
#include "process/terminal_stand_ins.h"
#include "spool/hand_over.h"

namespace gasoline::run {
namespace {

constexpr int64_t kLockPatienceUs = 5'000'000;
constexpr int64_t kHangUpUs = 5'000'000;
constexpr int64_t kDiskPatienceUs = 2'000'000;
constexpr int64_t kDeliveryTimeoutUs = 10'000'000;

std::optional<uint64_t> bytes_in(const FileDescriptor& pipe) {
  int size = 0;
  if (!pipe.is_open() || ::ioctl(pipe.get(), FIONREAD, &size) != 0) return std::nullopt;
  return static_cast<uint64_t>(size);
}

}  // namespace

Keeper::Keeper(spool::TakenRun taken, spool::HoldRequest request)
    : taken_(std::move(taken)),
      request_(std::move(request)),
      nowhere_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
  ++request_.takeovers;
  request_.since_us = clock_.wall_us();
}

Status Keeper::run() {
  if (const auto& terminal = taken_.terminal) {
    process::TerminalStandIns::restore_after_death(terminal->fd.get(), terminal->before,
                                                   terminal->made);
    taken_.terminal.reset();
  }
  auto rings =
      spool::RingDirectory::adopt(files_, taken_.settings.ring_directory, std::move(taken_.lock));
  if (!rings) return rings.error();
  rings_.emplace(std::move(*rings));
  run_ = rings_->ring_run().run;
  run_.pid = taken_.child;
  if (Status opened = open_rings(); !opened) return opened;
  // Before the journal, which may take long to get: from here on this keeper may be killed as well.
  hold();
  if (Status opened = open_journal(); !opened) {
    if (held_) held_->withdraw();
    return opened;
  }
  start_capture();
  loop_.run();
  deliver();
  return {};
}

/// A stream that had ended already still has bytes in its ring: it is read from nowhere.
Status Keeper::open_rings() {
  for (const spool::Stream stream : {spool::Stream::kStdout, spool::Stream::kStderr}) {
    const std::string path = rings_->ring_path(stream);
    if (::access(path.c_str(), F_OK) != 0) continue;
    auto ring = spool::StreamRing::open(path);
    if (!ring && ring.error().code == ENODATA) continue;
    if (!ring) return ring.error();
    Lane lane{stream, std::move(*ring), {}, nullptr};
    lane.held.stream = stream;
    lane.held.child_end = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (spool::HeldStream& held : taken_.streams) {
      if (held.stream == stream) lane.held = std::move(held);
    }
    lane.ring.recover(bytes_in(lane.held.staging_read), clock_.wall_us());
    lanes_.push_back(std::move(lane));
  }
  return {};
}

/// The wrapper's lock on it goes a moment after the wrapper.
Status Keeper::open_journal() {
  std::vector<spool::RingLane> lanes;
  for (Lane& lane : lanes_) lanes.push_back({lane.stream, &lane.ring});
  const int64_t give_up_at_us = clock_.monotonic_us() + kLockPatienceUs;
  while (true) {
    auto journal = spool::open_run_journal(files_, rings_->ring_run(), lanes, clock_, random_);
    if (journal) {
      spool_directory_ = journal->directory.substr(0, journal->directory.rfind('/'));
      next_seq_ = journal->next_seq;
      return {};
    }
    const bool is_locked = journal.error().code == Error::kLocked;
    if (!is_locked || clock_.monotonic_us() > give_up_at_us) return journal.error();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Keeper::hold() {
  auto held = spool::HeldRun::make();
  if (!held || !held->put_settings(taken_.settings, rings_->lock_descriptor())) return;
  if (taken_.pidfd.is_open()) {
    static_cast<void>(held->put_child(taken_.child, taken_.started, taken_.pidfd.get()));
  }
  for (const Lane& lane : lanes_) {
    if (!lane.held.staging_read.is_open()) continue;
    const Status put =
        held->put_stream(lane.stream, lane.held.child_end.get(), lane.held.staging_read.get(),
                         lane.held.staging_write.get());
    if (!put) return held->withdraw();
  }
  held_.emplace(std::move(*held));
  capture::HolderLink::Options options;
  options.socket_path = taken_.settings.holder_path;
  options.guardian_program = process::find_keeper_program();
  options.guardian_delay_us = 0;  // this run has been killed once
  options.request = request_;
  holder_ = std::make_unique<capture::HolderLink>(loop_, clock_, std::move(options), *held_,
                                                  [this] { hang_up(); });
  holder_->start();
}

void Keeper::start_capture() {
  mailbox_ = std::make_unique<loop::Mailbox>(loop_, 16);
  capture::SpoolWriter::Options options;
  options.directory = spool_directory_;
  options.memory_directory = rings_->ring_run().spool_directories.back();
  options.size_bytes_max = taken_.settings.spool_size_bytes_max;
  options.sync = static_cast<journal::SyncPolicy>(taken_.settings.sync_policy);
  options.line_size_bytes_max = rings_->ring_run().line_size_bytes_max;
  options.resumed_at_seq = next_seq_;
  options.is_nobody_waiting = [this] { return sender_->has_nobody(); };
  const auto on_problem = [](const std::string&) {};  // nobody is there to be told
  spool_ = std::make_unique<capture::SpoolWriter>(
      files_, clock_, random_, options, run_, [this] { sender_->notify(); }, on_problem);
  sender_ = std::make_unique<capture::Sender>(
      files_, clock_, random_, sender_options(),
      [this](uint64_t record) { spool_->acknowledge(record); }, on_problem);
  std::vector<capture::CapturedStream> streams;
  lanes_open_ = lanes_.size();
  for (Lane& lane : lanes_) {
    capture::StreamPump::Options pump;
    pump.lossless = taken_.settings.is_lossless;
    pump.staging = {std::move(lane.held.staging_read), std::move(lane.held.staging_write)};
    lane.pump = std::make_unique<capture::StreamPump>(
        std::move(lane.held.child_end), nowhere_.get(), lane.ring, clock_, std::move(pump),
        [this, ring = &lane.ring] { spool_->notify_published(*ring); },
        [this, stream = lane.stream] {
          if (held_) held_->withdraw_stream(stream);
          const bool posted = mailbox_->try_post([this] {
            if (--lanes_open_ == 0) loop_.stop();
          });
          GASOLINE_ASSERT(posted);
        });
    streams.push_back({lane.stream, &lane.ring, lane.pump.get()});
  }
  sender_->start(
      run_, [this] { return spool_->directory(); }, &spool_->claims());
  spool_->start(std::move(streams), taken_.started.empty() ? "\"run_started\":{}" : taken_.started);
}

capture::Sender::Options Keeper::sender_options() const {
  capture::Sender::Options options;
  options.version = GASOLINE_VERSION;
  options.target.unix_path = taken_.settings.socket_path;
  options.target_name = taken_.settings.socket_path;
  if (!taken_.settings.socket_path.empty()) return options;
  options.target_name = taken_.settings.url;
  if (auto target = http::Client::parse_url(taken_.settings.url)) options.target = *target;
  return options;
}

/// As a terminal that is closed: SIGHUP to the command's process group, and SIGCONT for what is
/// stopped. Whoever still writes after a while finds nobody reading.
void Keeper::hang_up() {
  if (hang_up_timer_) return;
  is_ended_by_user_ = true;
  if (taken_.pidfd.is_open()) process::hang_up_group(taken_.pidfd.get(), taken_.child);
  hang_up_timer_ = std::make_unique<loop::Timer>(loop_, [this] {
    for (Lane& lane : lanes_) lane.pump->abandon();
  });
  hang_up_timer_->start(kHangUpUs);
}

void Keeper::deliver() {
  if (held_) held_->withdraw();
  const std::string ended = fmt::format(
      "\"run_ended\":{{\"taken_over\":true,\"ended_by_user\":{},\"duration_ms\":{}}}",
      is_ended_by_user_, (clock_.wall_us() - run_.started_us) / 1000);
  const bool is_spooled = spool_->finish(ended, kDiskPatienceUs);
  const bool is_delivered = sender_->finish(kDeliveryTimeoutUs, kDeliveryTimeoutUs);
  if (is_spooled) static_cast<void>(rings_->remove());
  if (!is_delivered) {
    spool_->tell_claimed_loss();
    static_cast<void>(spool_->sync());
  } else if (is_spooled) {
    static_cast<void>(spool_->remove());
  }
}

int run_keeper(int connection) {
  ::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_NAME, "gasoline-keeper");
  spool::HeldParts parts;
  spool::HoldRequest request;
  while (spool::wait_for_message(connection, -1)) {
    auto message = spool::receive_message(connection);
    if (!message) break;  // its end
    if (!message->has_value()) continue;
    if (auto parsed = spool::parse_hold_request(**message)) {
      request = std::move(*parsed);
      parts = std::move((*message)->descriptors);
    }
  }
  if (!spool::is_left(parts)) return 0;
  auto taken = spool::take_run(parts);
  if (!taken) return 1;
  parts.clear();
  Keeper keeper(std::move(*taken), std::move(request));
  return keeper.run() ? 0 : 1;
}

}  // namespace gasoline::run
