#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "capture/stream_pump.h"
#include "process/interruption.h"

// How bytes come in: waiting for them, staging, reading, and letting more of them come together.
namespace gasoline::capture {

namespace {

/// Something that tells when nobody reads from it any more.
bool has_reader(int fd) {
  struct stat status {};
  const bool is_known = ::fstat(fd, &status) == 0;
  return !is_known || S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || ::isatty(fd) != 0;
}

}  // namespace

/// A pipe that was ever given to poll(2) wakes whoever waits for it at each write, not only when it
/// was empty, which makes a line's write(2) a sixth dearer for the child. So the pump waits in the
/// splice(2) itself until it is told something, unless it has to look at its output too.
bool StreamPump::may_sleep_in_splice() const {
  return is_staging_ && pipe_size_ > 0 && !has_reader(output_fd_) &&
         process::can_interrupt_threads();
}

/// Sleeps until the pipe can be read, or has been silent for as long as end_when_silent allows, or
/// the reader of our output is gone: then the child's very next write must fail, not the one after
/// it.
StreamPump::Wait StreamPump::wait_for_input() {
  std::array<pollfd, 3> entries{
      {{child_end_.get(), POLLIN, 0}, {output_fd_, 0, 0}, {stop_.get(), POLLIN, 0}}};
  while (!abandoned_.load(std::memory_order_relaxed)) {
    const int64_t silence_us = silence_us_.load();
    const bool is_ending = silence_us >= 0;
    const uint64_t asked = passed_asked_.load();
    const bool is_asked = asked != passed_told_.load();
    int timeout_ms = is_ending ? static_cast<int>((silence_us + 999) / 1000) : -1;
    if (is_asked) timeout_ms = 0;
    if (!is_bulk_) wake_up_delay_->before_sleep();
    const int ready = ::poll(entries.data(), entries.size(), timeout_ms);
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0 && is_asked) {
      passed_told_.store(asked);
      passed_.notify();
      continue;
    }
    if (ready == 0) return Wait::kEnd;
    if (entries[2].revents != 0) {  // told something new: look again
      uint64_t told = 0;
      [[maybe_unused]] const ssize_t got = ::read(stop_.get(), &told, sizeof told);
      continue;
    }
    if (entries[0].revents != 0) {
      if (!is_bulk_) note_wake_up();
      return Wait::kReadable;
    }
    // A socket whose other end is closed reports only POLLHUP.
    if ((entries[1].revents & (POLLERR | POLLHUP)) != 0) {
      output_closed_.store(true, std::memory_order_relaxed);
      return Wait::kEnd;
    }
  }
  return Wait::kEnd;
}

void StreamPump::note_wake_up() {
  readable_since_us_ = clock_.wall_us() - wake_up_delay_->after_sleep_us().value_or(0);
}

/// As read(2), but 0 at the end of a pseudo-terminal too, and in the order in which the child
/// wrote: pass_on() ends the turn. Reads nothing while bytes are held.
ssize_t StreamPump::read_input(char* to, size_t size) {
  process::WriteOrder* const order = options_.order;
  if (order != nullptr && !order->begin(options_.place_in_order, abandoned_)) {
    errno = EINTR;
    return -1;
  }
  if (held_ > 0) return 0;
  const ssize_t got = read_to(to, size);
  const int code = errno;
  if (got <= 0 && order != nullptr) order->end(options_.place_in_order, false);
  if (got < 0 && code == EIO) return 0;  // nobody holds the slave any more
  errno = code;
  return got;
}

/// As read(2).
ssize_t StreamPump::read_to(char* to, size_t size) {
  if (!is_staging_) {
    const ssize_t got = ::read(child_end_.get(), to, size);
    came_us_ = clock_.monotonic_us();
    return got;
  }
  if (staged_ == 0) {
    const ssize_t moved = stage(size);
    if (moved < 0 && errno == EINVAL) {
      // Not from this kind of descriptor, on this kernel.
      is_staging_ = false;
      if (sleeps_in_splice_) stop_sleeping_in_splice();
      return read_to(to, size);
    }
    if (moved <= 0) return moved;
    staged_ = static_cast<uint64_t>(moved);
  }
  // What is dropped goes past the ring.
  ring_.begin_intake(dropping_ ? 0 : staged_);
  const ssize_t got = ::read(options_.staging.read_end.get(), to, std::min<size_t>(staged_, size));
  if (got <= 0) return got;
  if (!dropping_) ring_.end_intake(static_cast<uint64_t>(got));
  staged_ -= static_cast<uint64_t>(got);
  return got;
}

/// As splice(2) from the child into the empty staging pipe. Of much that comes at once, the moment
/// of its first line is not worth four system calls.
ssize_t StreamPump::stage(size_t size) {
  const bool may_sleep = sleeps_in_splice_ && !is_bulk_ && pause_us_ == 0;
  if (may_sleep) wake_up_delay_->before_sleep();
  const ssize_t moved = ::splice(child_end_.get(), nullptr, options_.staging.write_end.get(),
                                 nullptr, size, SPLICE_F_MOVE);
  if (may_sleep && moved > 0) note_wake_up();
  came_us_ = clock_.monotonic_us();
  return moved;
}

/// A child that writes line after line pays for each time that it wakes us, and for each time that
/// we hold the pipe as it comes with the next. When little comes at a time and often, more of it is
/// let come together: up to half of the pipe, so that the child does not wait for us instead.
void StreamPump::gather(ssize_t got) {
  constexpr int64_t kOftenUs = 50;
  constexpr int kShortReadsMin = 16;
  constexpr int64_t kPauseStepUs = 25;
  constexpr int64_t kPauseMaxUs = 100;
  if (pipe_size_ <= 0) return;
  const bool is_often = came_us_ - last_read_us_ < kOftenUs;
  last_read_us_ = clock_.monotonic_us();
  is_bulk_ = got > pipe_size_ / 2;
  if (is_bulk_) {
    pause_us_ = pause_us_ / 2 < kPauseStepUs ? 0 : pause_us_ / 2;
  } else if (got < pipe_size_ / 4 && short_reads_ >= kShortReadsMin) {
    pause_us_ = std::min(pause_us_ + kPauseStepUs, kPauseMaxUs);
  }
  short_reads_ = is_often && (!is_bulk_ || pause_us_ > 0) ? short_reads_ + 1 : 0;
  if (short_reads_ < kShortReadsMin) pause_us_ = 0;
  if (pause_us_ == 0) return;
  counters_.pauses.fetch_add(1, std::memory_order_relaxed);
  const timespec pause{0, pause_us_ * 1000};
  ::nanosleep(&pause, nullptr);
  last_read_us_ = clock_.monotonic_us();
}

}  // namespace gasoline::capture
