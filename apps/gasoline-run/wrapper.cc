#include "wrapper.h"

#include <fmt/format.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ids.h"
#include "capture/daemon_starter.h"
#include "event/json_text.h"
#include "process/pty.h"
#include "process/terminal.h"
#include "run_context.h"
#include "spool/hand_over.h"
#include "spool/spool_directory.h"

namespace gasoline::run {
namespace {

constexpr char kDefaultUrl[] = "http://127.0.0.1:7890";
constexpr int64_t kUnansweredTimeoutUs = 200'000;
constexpr int64_t kHandOverDelayUs = 100'000;  // most pipes close with the child

void append_member(std::string& to, std::string_view name, std::string_view value) {
  if (!to.empty()) to.push_back(',');
  event::append_json_string(to, name);
  to.push_back(':');
  event::append_json_string(to, value);
}

std::string quoted_command(const std::vector<std::string>& command) {
  std::string text;
  for (const std::string& word : command) {
    if (!text.empty()) text.push_back(' ');
    const bool is_plain =
        !word.empty() && word.find_first_of(" \t\n'\"\\$`&|;<>()*?[]#~!{}") == std::string::npos;
    if (is_plain) {
      text += word;
      continue;
    }
    text.push_back('\'');
    for (const char c : word) {
      if (c == '\'') {
        text += "'\\''";
      } else {
        text.push_back(c);
      }
    }
    text.push_back('\'');
  }
  return text;
}

}  // namespace

Wrapper::Wrapper(Options options, Environment environment, process::ClosedStreams closed)
    : options_(std::move(options)),
      environment_(std::move(environment)),
      closed_(closed),
      places_(find_places(environment_, ::geteuid())) {}

Result<process::ChildEnd> Wrapper::run() {
  sigpipe_was_ignored_ = process::was_ignored_at_start(SIGPIPE);
  ::signal(SIGPIPE, SIG_IGN);
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask_at_start_);
  sigchld_was_ignored_ = process::was_ignored_at_start(SIGCHLD);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, it would take the child's exit status from us
  describe();
  shares_group_ =
      process::is_in_foreground_of_terminal() || process::has_stream_on_controlling_terminal();
  if (Status watching = watch_signals(); !watching) return watching.error();
  prepare_spool();
  make_ring_directory();
  make_lanes();
  hold();
  if (Status started = start_child(); !started) {
    if (held_) held_->withdraw();
    spool_.reset();
    if (rings_) static_cast<void>(rings_->remove());
    return started.error();
  }
  if (held_) tell_holder_of_child();
  start_capture();
  // What came before the child was there has not reached it, or it has died of it.
  for (const int number : early_signals_) ::kill(shares_group_ ? child_ : -child_, number);
  on_child_ended();  // it may have ended before the first signal could be taken
  on_child_stopped();
  loop_.run();
  deliver();
  return *end_;
}

/// Works out who we are and where to send. A bad URL is only a warning: the command comes first.
void Wrapper::describe() {
  const int64_t now_us = clock_.wall_us();
  const uint64_t random = random_.next_u64();
  run_.run_id = view(make_ulid(static_cast<uint64_t>(now_us / 1000), static_cast<uint16_t>(random),
                               random_.next_u64()));
  directory_ = current_directory();
  worktree_ = find_worktree(directory_);
  run_.service = options_.name.empty() ? default_name(options_.command, directory_) : options_.name;
  run_.host = host_name();
  run_.project = worktree_.substr(worktree_.rfind('/') + 1);
  run_.tags = options_.tags;
  run_.started_us = now_us;

  url_ = options_.url ? *options_.url : environment_("GASOLINE_URL").value_or("");
  target_.unix_path = places_.socket_path();
  // An outer wrapper tells its child the default URL without anybody having asked for TCP.
  const bool is_from_outer =
      !options_.url && url_ == kDefaultUrl && environment_("GASOLINE_RUN_ID");
  if (url_.empty() || is_from_outer) {
    url_ = kDefaultUrl;
    return;
  }
  auto target = http::Client::parse_url(url_);
  if (target) {
    target_ = *target;
  } else {
    warn(target.error().to_string() + "; using " + places_.socket_path());
  }
}

/// Where the rings outlive us. Without it the command runs all the same, and only our own death by
/// SIGKILL loses what was not spooled yet.
void Wrapper::make_ring_directory() {
  const spool::RingRun ring_run{
      run_, {spool_directory(), memory_spool_directory()}, options_.line_size_bytes_max};
  auto made =
      spool::RingDirectory::create(files_, places_.ring_directory(spool_directory()), ring_run);
  if (made) {
    rings_.emplace(std::move(*made));
  } else if (options_.verbose) {
    warn("a kill -9 of gasoline-run would lose lines: " + made.error().to_string());
  }
}

Result<spool::StreamRing> Wrapper::make_ring(spool::Stream stream) {
  const uint64_t size_bytes = options_.ring_size_bytes / 2;
  const uint64_t span_size_bytes = options_.line_size_bytes_max + 1;
  if (rings_) {
    auto ring = spool::StreamRing::create(size_bytes, span_size_bytes, rings_->ring_path(stream));
    if (ring) return ring;
    if (ring.error().code == ENOSPC || options_.verbose) {
      warn("a kill -9 of gasoline-run would lose lines: " + ring.error().to_string());
    }
    static_cast<void>(rings_->remove());
    rings_.reset();
  }
  return spool::StreamRing::create(size_bytes, span_size_bytes);
}

/// One lane for each stream that we have.
void Wrapper::make_lanes() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) stand_ins_.remember(fd);
  if (!closed_.stdout_closed) add_lane(spool::Stream::kStdout, STDOUT_FILENO);
  const bool is_merged = options_.merges_streams && !closed_.stdout_closed;
  if (!closed_.stderr_closed && !is_merged) add_lane(spool::Stream::kStderr, STDERR_FILENO);
  keep_order();
}

/// A stream without a pipe or a ring goes straight to its place, uncaptured: better than not
/// running the command.
void Wrapper::add_lane(spool::Stream stream, int output_fd) {
  Lane lane{stream, output_fd, {}, {}, false, {}, {}, nullptr};
  if (wants_terminal(output_fd)) {
    // Curses sets the terminal's modes through stdout, and reads keys from stdin.
    const bool may_want_keys =
        stream == spool::Stream::kStderr || options_.merges_streams || ::isatty(STDIN_FILENO) == 0;
    auto pty = stand_ins_.add(output_fd, may_want_keys);
    if (pty) {
      lane.child_end = std::move(pty->slave);
      lane.our_end = std::move(pty->master);
      lane.is_terminal = true;
    } else {
      warn(fmt::format("{} is no terminal for the command: {}", to_string(stream),
                       pty.error().to_string()));
    }
  }
  if (!lane.is_terminal) {
    auto pipe = process::make_pipe();
    if (!pipe) {
      return warn(
          fmt::format("{} is not captured: {}", to_string(stream), pipe.error().to_string()));
    }
    lane.child_end = std::move(pipe->write_end);
    lane.our_end = std::move(pipe->read_end);
  }
  auto ring = make_ring(stream);
  if (!ring) {
    return warn(fmt::format("{} is not captured: {}", to_string(stream), ring.error().to_string()));
  }
  if (auto staging = process::make_pipe(); staging && rings_) lane.staging = std::move(*staging);
  lane.ring.emplace(std::move(*ring));
  lanes_.push_back(std::move(lane));
}

bool Wrapper::wants_terminal(int output_fd) const {
  if (options_.terminals == TerminalUse::kAuto) return ::isatty(output_fd) != 0;
  return options_.terminals == TerminalUse::kAlways;
}

/// Two pseudo-terminals that lead to one place would lose the order that one terminal keeps.
void Wrapper::keep_order() {
  if (lanes_.size() != 2 || !lanes_[0].is_terminal || !lanes_[1].is_terminal) return;
  struct stat first {};
  struct stat second {};
  if (::fstat(lanes_[0].output_fd, &first) != 0 || ::fstat(lanes_[1].output_fd, &second) != 0)
    return;
  if (first.st_dev != second.st_dev || first.st_ino != second.st_ino) return;
  auto order = process::WriteOrder::create({lanes_[0].our_end.get(), lanes_[1].our_end.get()},
                                           {lanes_[0].child_end.get(), lanes_[1].child_end.get()});
  // Without it the streams come out as they are read: nearly always right.
  if (order) order_ = std::move(*order);
}

Status Wrapper::start_child() {
  process::ChildOptions child;
  child.arguments = options_.command;
  child.environment = child_environment();
  child.new_group = !shares_group_;
  child.ignores_sigpipe = sigpipe_was_ignored_;
  child.ignores_sigchld = sigchld_was_ignored_;
  child.signal_mask = &mask_at_start_;
  if (closed_.stdin_closed) child.stdin_fd = process::ChildOptions::kClosed;
  if (closed_.stdout_closed) child.stdout_fd = process::ChildOptions::kClosed;
  if (closed_.stderr_closed) child.stderr_fd = process::ChildOptions::kClosed;
  for (const Lane& lane : lanes_) {
    int& fd = lane.stream == spool::Stream::kStdout ? child.stdout_fd : child.stderr_fd;
    fd = lane.child_end.get();
    if (options_.merges_streams && !closed_.stderr_closed) child.stderr_fd = fd;
  }
  auto pid = shares_group_ ? spawn_beside_signals(child) : process::spawn(child);
  if (!pid) return pid.error();
  child_ = *pid;
  run_.pid = *pid;
  stand_ins_.set_child(child_);
  for (Lane& lane : lanes_) lane.child_end.reset();
  return {};
}

void Wrapper::prepare_spool() {
  capture::SpoolWriter::Options spool_options;
  spool_options.directory = spool_directory();
  spool_options.memory_directory = memory_spool_directory();
  spool_options.size_bytes_max = options_.spool_size_bytes_max;
  spool_options.sync = options_.sync;
  spool_options.line_size_bytes_max = options_.line_size_bytes_max;
  spool_options.is_nobody_waiting = [this] { return sender_->has_nobody(); };
  spool_ = std::make_unique<capture::SpoolWriter>(
      files_, clock_, random_, spool_options, run_, [this] { sender_->notify(); },
      [this](const std::string& text) { warn(text); });
  spool_->prepare();
}

void Wrapper::start_capture() {
  mailbox_ = std::make_unique<loop::Mailbox>(loop_, 16);
  sender_ = std::make_unique<capture::Sender>(
      files_, clock_, random_, sender_options(),
      [this](uint64_t record) { spool_->acknowledge(record); },
      [this](const std::string& text) { warn(text); });

  std::vector<capture::CapturedStream> streams;
  lanes_open_ = lanes_.size();
  for (Lane& lane : lanes_) {
    capture::StreamPump::Options pump;
    pump.lossless = options_.lossless;
    pump.order = order_.get();
    pump.place_in_order = static_cast<size_t>(&lane - lanes_.data());
    pump.staging = std::move(lane.staging);
    pump.on_memory_refused = [this] { lose_holder("/dev/shm is full"); };
    if (lane.is_terminal && !stand_ins_.is_empty()) {
      pump.before_passing = [this] { stand_ins_.follow(false); };
    }
    lane.pump = std::make_unique<capture::StreamPump>(
        std::move(lane.our_end), lane.output_fd, *lane.ring, clock_, std::move(pump),
        [this, ring = &*lane.ring] { spool_->notify_published(*ring); },
        [this, output_fd = lane.output_fd, stream = lane.stream] {
          // Before all else: the child is to notice at once that nobody reads any more.
          if (held_) held_->withdraw_stream(stream);
          stand_ins_.follow(true);
          stand_ins_.remove(output_fd);
          const bool posted = mailbox_->try_post([this] { on_lane_ended(); });
          GASOLINE_ASSERT(posted);
        });
    streams.push_back({lane.stream, &*lane.ring, lane.pump.get()});
  }
  if (!stand_ins_.is_empty()) {
    // For changes that no output and no signal tells of.
    follow_timer_ = std::make_unique<loop::Timer>(loop_, [this] { follow_terminals(); });
    follow_timer_->start(kFollowIntervalUs, kFollowIntervalUs);
  }
  sender_->start(
      run_, [this] { return spool_->directory(); }, &spool_->claims());
  spool_->start(std::move(streams), started_members(), child_);
}

std::string Wrapper::spool_directory() const {
  return options_.spool_directory.empty() ? places_.spool_directory() : options_.spool_directory;
}

std::string Wrapper::memory_spool_directory() const {
  return fmt::format("/dev/shm/gasoline-{}/spool", ::geteuid());
}

capture::Sender::Options Wrapper::sender_options() const {
  capture::Sender::Options options;
  options.target = target_;
  options.version = GASOLINE_VERSION;
  options.target_name = target_.unix_path.empty() ? url_ : target_.unix_path;
  options.adoption_directory = spool_directory();
  options.ring_directory = places_.ring_directory(spool_directory());
  const bool is_local = target_.unix_path == places_.socket_path();
  const bool is_ci = environment_("CI").value_or("") == "true";
  const bool is_allowed = environment_("GASOLINE_AUTOSTART").value_or("") != "0";
  if (is_local && is_allowed && !is_ci && !options_.no_daemon) {
    options.daemon_program = capture::find_daemon_program();
  }
  return options;
}

void Wrapper::on_child_ended() {
  process::ChildEnd end;
  if (end_) return;
  // If it ended in the instant in which SIGCHLD was ignored for its sake, nobody can tell how.
  const bool is_untold = sigchld_was_ignored_ && ::kill(child_, 0) != 0;
  if (!process::reap(child_, end) && !is_untold) return;
  end_ = end;
  has_child_ended_.store(true);
  for (Lane& lane : lanes_) lane.pump->end_when_silent(options_.drain_timeout_us);
  if (lanes_open_ == 0) return loop_.stop();
  hand_over_timer_ = std::make_unique<loop::Timer>(loop_, [this] { prepare_hand_over(); });
  hand_over_timer_->start(kHandOverDelayUs);
}

/// The child is gone, and a process that it left behind holds a pipe. If a daemon is there to go on
/// with it, we need not stay.
void Wrapper::prepare_hand_over() {
  if (target_.unix_path.empty() || !sender_->has_answered()) return;
  for (Lane& lane : lanes_) lane.pump->end_for_hand_over();
}

/// Everything so far is acknowledged: gives the pipes that are still open to the daemon.
void Wrapper::hand_over() {
  spool::HandOver hand_over;
  hand_over.run = run_;
  hand_over.next_seq = spool_->next_seq();
  for (Lane& lane : lanes_) {
    FileDescriptor pipe = lane.pump->take_pipe();
    if (!pipe.is_open()) continue;
    hand_over.streams.push_back({lane.stream, spool_->next_line(lane.stream), std::move(pipe)});
  }
  if (hand_over.streams.empty()) return;
  const Status sent = spool::send_hand_over(spool::hand_over_socket_path(target_.unix_path),
                                            hand_over, options_.flush_timeout_us);
  if (!sent) warn("processes left behind are not captured any more: " + sent.error().to_string());
}

void Wrapper::on_lane_ended() {
  --lanes_open_;
  if (sigchld_was_ignored_) on_child_ended();
  // A child may close its streams and live on.
  if (lanes_open_ == 0 && end_) loop_.stop();
}

void Wrapper::stop_waiting() {
  is_hurried_ = true;
  loop_.stop();
}

/// The child is gone: get the rest to the disk and, if it does not take long, to the daemon.
void Wrapper::deliver() {
  // From here on what is left is what any dead run leaves: rings and a spool.
  if (held_) held_->withdraw();
  if (holder_) holder_->end();
  // As a shell does it: what a command left that ended by itself was meant to stay (stty).
  if (end_->by_signal) stand_ins_.restore();
  const int64_t flush_us = is_hurried_ ? 0 : options_.flush_timeout_us;
  const bool is_spooled = spool_->finish(ended_members(), flush_us);
  const bool is_delivered = sender_->finish(flush_us, std::min(flush_us, kUnansweredTimeoutUs));
  // What could not be spooled stays in the rings, for whoever adopts the rest.
  if (rings_ && (is_spooled || spool_->directory().empty())) static_cast<void>(rings_->remove());
  if (options_.verbose) {
    warn(fmt::format("{} lines captured, {} events delivered{}", spool_->counters().lines.load(),
                     sender_->counters().acknowledged_events.load(),
                     is_delivered ? "" : "; the rest waits in " + spool_->directory()));
  }
  if (!is_spooled && !spool_->directory().empty() && !is_hurried_) {
    warn("the last lines could not be spooled");
  }
  if (!is_delivered) {
    spool_->tell_claimed_loss();
    sync_behind();
  } else if (is_spooled) {
    hand_over();
    static_cast<void>(spool_->remove());
  }
  // One whose output is blocked is left behind: nothing may keep us from ending.
  for (Lane& lane : lanes_) {
    if (lane.pump->has_ended()) lane.pump.reset();
  }
  const std::lock_guard lock(warn_mutex_);
  for (const std::string& text : held_warnings_) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  }
}

/// Makes the spool durable without holding up whoever waits for the command's end: in a process
/// that stays behind for as long as the disk takes.
void Wrapper::sync_behind() {
  if (spool_->is_synced()) return;
  const std::string directory = spool_->directory();
  const pid_t left_behind = ::fork();
  if (left_behind == 0) {
    // Nobody's pipe stays open for its sake, and the spool's lock is free at once.
    ::close_range(0, ~0U, 0);
    static_cast<void>(spool::sync_run(files_, directory));
    ::_exit(0);
  }
  if (left_behind > 0) return;
  if (Status synced = spool_->sync(); !synced) warn(synced.error().to_string());
}

std::string Wrapper::started_members() const {
  std::string members;
  append_member(members, "cwd", directory_);
  append_member(members, "worktree", worktree_);
  append_member(members, "command", quoted_command(options_.command));
  members += fmt::format(",\"pid\":{}", child_);
  return "\"run_started\":{" + members + "}";
}

std::string Wrapper::ended_members() const {
  std::string members;
  if (end_->by_signal) {
    append_member(members, "signal", fmt::format("SIG{}", ::sigabbrev_np(end_->code)));
  } else {
    members = fmt::format("\"exit\":{}", end_->code);
  }
  uint64_t bytes = 0;
  uint64_t dropped = 0;
  for (const Lane& lane : lanes_) {
    bytes += lane.pump->counters().bytes.load();
    dropped += lane.pump->counters().dropped_bytes.load();
  }
  members += fmt::format(",\"duration_ms\":{},\"bytes\":{},\"dropped_bytes\":{}",
                         (clock_.wall_us() - run_.started_us) / 1000, bytes, dropped);
  return "\"run_ended\":{" + members + "}";
}

std::vector<std::string> Wrapper::child_environment() const {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("GASOLINE_RUN_ID=") || text.starts_with("GASOLINE_URL=")) continue;
    variables.emplace_back(text);
  }
  variables.push_back("GASOLINE_RUN_ID=" + run_.run_id);
  variables.push_back("GASOLINE_URL=" + url_);
  return variables;
}

/// Says something to the user: at once, or after the child's end if it would disturb a terminal.
void Wrapper::warn(const std::string& text) {
  const std::string line = "gasoline-run: " + text + "\n";
  const std::lock_guard lock(warn_mutex_);
  if (::isatty(STDERR_FILENO) != 0 && !has_child_ended_.load()) {
    held_warnings_.push_back(line);
  } else {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  }
}

}  // namespace gasoline::run
