#include "capture/stream_pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "base/assert.h"
#include "process/interruption.h"
#include "process/scheduling.h"

namespace gasoline::capture {

namespace {

bool is_terminal(int fd) {
  unsigned int number = 0;
  // A pseudo-terminal's master calls itself one too, and opened anew is another one.
  return ::isatty(fd) != 0 && ::ioctl(fd, TIOCGPTN, &number) != 0;
}

/// A non-blocking description of our own of the pipe or terminal behind `fd`, so that a pump whose
/// reader sleeps can be told to end. Nothing for what is neither, or may not be opened anew.
FileDescriptor reopen_output(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !(S_ISFIFO(status.st_mode) || is_terminal(fd))) return {};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

void set_nonblocking(int fd, bool is_nonblocking) {
  const int others = ::fcntl(fd, F_GETFL) & ~O_NONBLOCK;
  ::fcntl(fd, F_SETFL, is_nonblocking ? others | O_NONBLOCK : others);
}

uint64_t bytes_in(int pipe) {
  int size = 0;
  return ::ioctl(pipe, FIONREAD, &size) == 0 && size > 0 ? static_cast<uint64_t>(size) : 0;
}

}  // namespace

StreamPump::StreamPump(FileDescriptor child_end, int output_fd, spool::StreamRing& ring,
                       const Clock& clock, Options options, std::function<void()> on_progress,
                       std::function<void()> on_end)
    : child_end_(std::move(child_end)),
      output_fd_(output_fd),
      own_output_(reopen_output(output_fd)),
      ring_(ring),
      clock_(clock),
      options_(std::move(options)),
      on_progress_(std::move(on_progress)),
      on_end_(std::move(on_end)),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      pipe_size_(::fcntl(child_end_.get(), F_GETPIPE_SZ)),
      is_staging_(options_.staging.read_end.is_open()),
      staged_(is_staging_ ? bytes_in(options_.staging.read_end.get()) : 0) {
  GASOLINE_ASSERT(stop_.is_open());
  sleeps_in_splice_ = may_sleep_in_splice();
  // Our end is a description of its own: the child's stays blocking.
  set_nonblocking(child_end_.get(), !sleeps_in_splice_);
  thread_ = std::thread([this] { run(); });
}

StreamPump::~StreamPump() {
  abandon();
  thread_.join();
}

void StreamPump::abandon() {
  abandoned_.store(true);
  tell();
  space_.notify();
}

/// Gets the pump's thread to look at what it was told.
void StreamPump::tell() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
  if (!sleeps_in_splice_.load()) return;
  stop_sleeping_in_splice();
  process::interrupt(thread_.native_handle());
}

void StreamPump::stop_sleeping_in_splice() {
  const std::lock_guard lock(pipe_mutex_);
  if (child_end_.is_open()) set_nonblocking(child_end_.get(), true);
  sleeps_in_splice_ = false;
}

void StreamPump::end_when_silent(int64_t silence_us) {
  silence_us_.store(silence_us);
  tell();
}

void StreamPump::end_for_hand_over() {
  keeps_pipe_.store(true);
  end_when_silent(0);
}

bool StreamPump::wait_until_passed(int64_t timeout_us) {
  const int64_t give_up_at_us = clock_.monotonic_us() + timeout_us;
  const uint64_t asked = passed_asked_.fetch_add(1) + 1;
  tell();
  while (passed_told_.load() < asked && !has_ended()) {
    const int64_t left_us = give_up_at_us - clock_.monotonic_us();
    if (left_us <= 0) return false;
    passed_.wait(left_us);
  }
  return true;
}

std::vector<spool::Dropped> StreamPump::take_dropped() {
  const std::lock_guard lock(dropped_mutex_);
  return std::exchange(dropped_, {});
}

void StreamPump::run() {
  process::allow_interruption();
  process::prefer_short_delays();
  wake_up_delay_.emplace();
  for (bool goes_on = true; goes_on && !abandoned_.load(std::memory_order_relaxed);) {
    if (dropping_) {
      goes_on = pump_past_ring();
      continue;
    }
    const spool::StreamRing::Space space = ring_.free_space(kReadSizeBytesMax);
    if (ring_.is_private() && !is_refusal_told_) tell_refusal();
    if (space.size > 0) {
      goes_on = pump_into_ring(space);
    } else if (!wait_for_space()) {
      dropping_ = true;
      gap_ = spool::Dropped{};
      gap_.from_us = read_time_us();
      bypass_.resize(kReadSizeBytesMax);
    }
  }
  if (dropping_) close_gap(true);
  const bool is_kept = keeps_pipe_.load() && !is_at_end_ && !output_closed_.load();
  if (options_.order != nullptr) options_.order->leave(options_.place_in_order);
  if (!is_kept) {
    const std::lock_guard lock(pipe_mutex_);
    child_end_.reset();
  }
  own_output_.reset();
  ended_.store(true, std::memory_order_release);
  passed_.notify();
  on_progress_();
  on_end_();
}

void StreamPump::tell_refusal() {
  is_refusal_told_ = true;
  if (options_.on_memory_refused) options_.on_memory_refused();
}

bool StreamPump::pump_into_ring(spool::StreamRing::Space space) {
  // What was read in an earlier turn, and is for this one, lies in the free space already.
  const ssize_t got = read_input(space.bytes + held_, space.size - held_);
  if (got > 0 || held_ > 0) {
    auto size = held_ + static_cast<uint64_t>(std::max<ssize_t>(got, 0));
    if (options_.order != nullptr) {
      const size_t portion = options_.order->portion(options_.place_in_order, {space.bytes, size});
      held_ = size - portion;
      size = portion;
    }
    publish({space.bytes, size});
    counters_.bytes.fetch_add(size, std::memory_order_relaxed);
    const bool passed = pass_on({space.bytes, size});
    on_progress_();
    if (passed) gather(got);
    return passed;
  }
  if (got == 0) return reach_end();
  if (errno == EAGAIN) return wait_for_input() == Wait::kReadable;
  return errno == EINTR;
}

/// The bytes are in the ring's free space already. What woke us is stamped with the time when it
/// came, not when a busy machine let us run: the lines of two services must not change places
/// because one pump got its CPU later. Of what else is there by now, the time is not known so well.
void StreamPump::publish(std::string_view bytes) {
  const auto in_order = [this](int64_t time_us) {
    if (options_.order != nullptr) time_us = options_.order->not_before_last_us(time_us);
    return not_before_last_us(time_us);
  };
  const int64_t readable_us = std::exchange(readable_since_us_, 0);
  if (readable_us > 0) {
    const size_t line_feed = bytes.find('\n');
    const std::string_view first =
        bytes.substr(0, line_feed == bytes.npos ? line_feed : line_feed + 1);
    ring_.publish(first.size(), in_order(readable_us));
    bytes.remove_prefix(first.size());
  }
  if (!bytes.empty()) ring_.publish(bytes.size(), in_order(clock_.wall_us()));
}

bool StreamPump::reach_end() {
  is_at_end_ = true;
  return false;
}

/// True when there is space; false when the ring has not been emptied at all for too long.
bool StreamPump::wait_for_space() {
  on_progress_();
  uint64_t tail = ring_.tail();
  int64_t since_us = clock_.monotonic_us();
  while (ring_.free_space(1).size == 0) {
    if (abandoned_.load(std::memory_order_relaxed)) return true;
    space_.wait(options_.stall_us / 4);
    const int64_t now_us = clock_.monotonic_us();
    if (ring_.tail() != tail) {
      tail = ring_.tail();
      since_us = now_us;
    }
    if (!options_.lossless && now_us - since_us >= options_.stall_us) return false;
  }
  return true;
}

/// One read while dropping. Capture resumes at the start of a line, once half of the ring is free.
bool StreamPump::pump_past_ring() {
  const uint64_t free = ring_.size_bytes() - (ring_.head() - ring_.tail());
  // Free, and with memory behind it.
  const bool has_room = free >= ring_.size_bytes() / 2 &&
                        ring_.free_space(kReadSizeBytesMax).size == kReadSizeBytesMax;
  if (has_room && (gap_.bytes == 0 || !gap_.ends_inside_line)) {
    resume_capture({});
    return true;
  }
  const ssize_t got = read_input(bypass_.data(), bypass_.size());
  if (got < 0 && errno == EAGAIN) return wait_for_input() == Wait::kReadable;
  if (got < 0) return errno == EINTR;
  if (got == 0) return reach_end();
  const std::string_view bytes(bypass_.data(), static_cast<size_t>(got));
  counters_.bytes.fetch_add(bytes.size(), std::memory_order_relaxed);
  const size_t last_line_feed = bytes.rfind('\n');
  const bool can_resume = has_room && last_line_feed != std::string_view::npos;
  const std::string_view dropped = can_resume ? bytes.substr(0, last_line_feed + 1) : bytes;
  gap_.bytes += dropped.size();
  gap_.line_feeds += static_cast<uint64_t>(std::count(dropped.begin(), dropped.end(), '\n'));
  gap_.ends_inside_line = dropped.back() != '\n';
  gap_.to_us = read_time_us();
  counters_.dropped_bytes.fetch_add(dropped.size(), std::memory_order_relaxed);
  if (can_resume) resume_capture(bytes.substr(dropped.size()));
  return pass_on(bytes);
}

void StreamPump::resume_capture(std::string_view rest) {
  close_gap(false);
  dropping_ = false;
  while (!rest.empty()) {
    const spool::StreamRing::Space space = ring_.free_space(rest.size());
    std::copy_n(rest.data(), space.size, space.bytes);
    ring_.publish(space.size, gap_.to_us);
    rest.remove_prefix(space.size);
  }
  on_progress_();
}

void StreamPump::close_gap(bool at_end) {
  if (gap_.bytes == 0) return;
  gap_.position = ring_.head();
  gap_.ends_inside_line = gap_.ends_inside_line && at_end;
  const std::lock_guard lock(dropped_mutex_);
  dropped_.push_back(gap_);
}

/// Writes to where the child would have written. False when nobody reads there any more: then the
/// pump ends and closes the pipe, and the child gets SIGPIPE or EPIPE at its next write, as without
/// us.
bool StreamPump::pass_on(std::string_view bytes) {
  if (options_.before_passing) options_.before_passing();
  const bool passed = write_out(bytes);
  if (options_.order != nullptr) options_.order->end(options_.place_in_order, held_ > 0);
  return passed;
}

bool StreamPump::write_out(std::string_view bytes) {
  const int fd = own_output_.is_open() ? own_output_.get() : output_fd_;
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      wait_for_output(fd);
    } else if (errno != EINTR) {
      output_closed_.store(true, std::memory_order_relaxed);
      return false;
    }
    if (abandoned_.load(std::memory_order_relaxed)) return false;
  }
  return true;
}

void StreamPump::wait_for_output(int fd) {
  constexpr int kTimeoutMs = 100;
  std::array<pollfd, 2> entries{{{fd, POLLOUT, 0}, {stop_.get(), POLLIN, 0}}};
  // Once asked to end when silent, stop_ stays readable.
  const bool is_ending = silence_us_.load() >= 0;
  ::poll(entries.data(), is_ending ? 1 : 2, is_ending ? kTimeoutMs : -1);
}

/// Wall time never runs backwards within the stream, whatever is done to the machine's clock.
int64_t StreamPump::not_before_last_us(int64_t time_us) {
  last_time_us_ = std::max(last_time_us_, time_us);
  return last_time_us_;
}

int64_t StreamPump::read_time_us() {
  return not_before_last_us(clock_.wall_us());
}

}  // namespace gasoline::capture
