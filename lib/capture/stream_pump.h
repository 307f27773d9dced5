#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/wake_up.h"
#include "process/child.h"
#include "process/wake_up_delay.h"
#include "process/write_order.h"
#include "spool/stream_framer.h"
#include "spool/stream_ring.h"

namespace gasoline::capture {

/// Passes one stream of the child on to where it would have gone, byte by byte as it comes, and
/// puts a copy into the ring. A thread of its own, so that a stream whose reader is slow holds back
/// nobody else: neither the other stream, nor signals.
///
/// A full ring means that we read no faster than it is emptied. When it was not emptied at all for
/// Options::stall_us, bytes are dropped from the capture (never from the output) until it is, and
/// told by take_dropped(). With `lossless` the child waits instead. Nothing is allocated per read.
///
/// A pipe from which little comes at a time, but each 50 us or more often, is read in portions up to
/// 0.1 ms apart. A pseudo-terminal is not: it holds 4 KiB, so that would only hold the child back.
class StreamPump {
 public:
  struct Options {
    bool lossless = false;
    int64_t stall_us = 200'000;
    /// Called from the pump's thread with each read, before its bytes are passed on.
    std::function<void()> before_passing;
    /// Of a stream on a terminal that the other stream goes to as well; borrowed.
    process::WriteOrder* order = nullptr;
    size_t place_in_order = 0;
    /// A pipe that nobody else writes to or reads from: what comes goes through it into the ring, so
    /// that whoever recovers the ring after our death knows to the byte what had reached it. May
    /// hold bytes that an earlier pump left; they come first. Without one they are read directly.
    process::Pipe staging;
    /// Called once, from the pump's thread, if the ring became private (spool::StreamRing).
    std::function<void()> on_memory_refused;
  };
  struct Counters {
    std::atomic<uint64_t> bytes{0};
    std::atomic<uint64_t> dropped_bytes{0};
    std::atomic<uint64_t> pauses{0};  ///< in which more was let come together
  };
  static constexpr uint64_t kReadSizeBytesMax = 64 * 1024;

  /// `child_end` is the read end of the child's pipe, or the master of its pseudo-terminal;
  /// `output_fd` is borrowed and never made non-blocking, since others may share it. `on_progress`
  /// is called from the pump's thread whenever the ring got bytes or a gap, and `on_end` once, when
  /// the stream has ended.
  StreamPump(FileDescriptor child_end, int output_fd, spool::StreamRing& ring, const Clock& clock,
             Options options, std::function<void()> on_progress, std::function<void()> on_end);
  /// Ends the thread; what it had not read stays unread.
  ~StreamPump();
  StreamPump(const StreamPump&) = delete;
  StreamPump& operator=(const StreamPump&) = delete;

  /// The child is gone: end as soon as the pipe has been silent for `silence_us`, even if a process
  /// that it left behind still holds the pipe. Any thread.
  void end_when_silent(int64_t silence_us);
  /// Somebody else will read the pipe from here on: end as soon as it is empty, and keep it for
  /// take_pipe(). Any thread.
  void end_for_hand_over();
  /// End now, whatever is in the pipe. Any thread.
  void abandon();
  /// Waits until everything that could be read at the call has been passed on; false if that takes
  /// longer than `timeout_us`. One thread at a time.
  bool wait_until_passed(int64_t timeout_us);
  /// The pipe of a pump that ended for a hand-over; not open if the stream had ended by itself.
  FileDescriptor take_pipe() { return std::move(child_end_); }
  /// The ring has been emptied a little. Any thread.
  void notify_space() { space_.notify(); }
  /// True once nothing more will come; the ring and take_dropped() then hold the rest. Any thread.
  bool has_ended() const { return ended_.load(std::memory_order_acquire); }
  /// What was dropped since the last call, in order. Any thread.
  std::vector<spool::Dropped> take_dropped();
  /// True if the reader of our output is gone.
  bool is_output_closed() const { return output_closed_.load(std::memory_order_relaxed); }
  const Counters& counters() const { return counters_; }

 private:
  enum class Wait { kReadable, kEnd };

  void run();
  bool may_sleep_in_splice() const;
  void tell();
  void stop_sleeping_in_splice();
  Wait wait_for_input();
  void note_wake_up();
  void gather(ssize_t got);
  void tell_refusal();
  bool pump_into_ring(spool::StreamRing::Space space);
  void publish(std::string_view bytes);
  bool pump_past_ring();
  bool reach_end();
  bool wait_for_space();
  void resume_capture(std::string_view rest);
  void close_gap(bool at_end);
  ssize_t read_input(char* to, size_t size);
  ssize_t read_to(char* to, size_t size);
  ssize_t stage(size_t size);
  bool pass_on(std::string_view bytes);
  bool write_out(std::string_view bytes);
  void wait_for_output(int fd);
  int64_t not_before_last_us(int64_t time_us);
  int64_t read_time_us();

  FileDescriptor child_end_;
  const int output_fd_;
  FileDescriptor own_output_;  // the same pipe or terminal, non-blocking; none if it is neither
  spool::StreamRing& ring_;
  const Clock& clock_;
  Options options_;
  const std::function<void()> on_progress_;
  const std::function<void()> on_end_;

  FileDescriptor stop_;  // an eventfd: end_when_silent or the destructor has something to say
  std::mutex pipe_mutex_;  // whoever closes child_end_, or changes its mode
  std::atomic<bool> sleeps_in_splice_{false};
  std::atomic<bool> abandoned_{false};
  std::atomic<bool> keeps_pipe_{false};
  std::atomic<int64_t> silence_us_{-1};
  std::atomic<bool> ended_{false};
  std::atomic<bool> output_closed_{false};
  WakeUp space_;
  std::atomic<uint64_t> passed_asked_{0};  // wait_until_passed() has been called so often
  std::atomic<uint64_t> passed_told_{0};
  WakeUp passed_;
  Counters counters_;
  int64_t last_time_us_ = 0;
  bool is_refusal_told_ = false;
  int64_t readable_since_us_ = 0;  // of what was waited for and is not read yet; else 0
  std::optional<process::WakeUpDelay> wake_up_delay_;  // of the pump's thread, made by it

  const ssize_t pipe_size_;     // of the child's pipe; at most 0 for a pseudo-terminal
  bool is_bulk_ = false;        // the last read took more than half of it
  int short_reads_ = 0;         // one soon after another, up to now
  int64_t came_us_ = 0;         // monotonic time at which the last one began to come
  int64_t last_read_us_ = 0;    // monotonic time of the last one's end, and of the pause behind it
  int64_t pause_us_ = 0;        // behind each of them
  bool is_staging_;      // the pump's thread only
  uint64_t staged_ = 0;  // likewise: bytes in the staging pipe
  uint64_t held_ = 0;       // bytes of the ring's free space that wait for their turn
  bool dropping_ = false;   // the pump's thread only
  bool is_at_end_ = false;  // likewise: nobody holds the pipe's other end any more
  spool::Dropped gap_;
  std::vector<char> bypass_;  // where bytes are read to while dropping
  std::mutex dropped_mutex_;
  std::vector<spool::Dropped> dropped_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace gasoline::capture
