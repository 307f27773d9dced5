#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/file_descriptor.h"
#include "base/random.h"
#include "capture/spool_writer.h"
#include "capture/stream_pump.h"
#include "spool/spool_record.h"
#include "spool/stream_ring.h"
#include "support/noise.h"

namespace gasoline::test {

/// A clock that any thread may read while the test moves it. It stands at the time of its making.
class SharedManualClock final : public Clock {
 public:
  int64_t wall_us() const override { return wall.load(); }
  int64_t monotonic_us() const override { return monotonic.load(); }
  void advance(int64_t us) {
    wall += us;
    monotonic += us;
  }
  std::atomic<int64_t> wall{SystemClock().wall_us()};
  std::atomic<int64_t> monotonic{1'000'000};
};

/// Waits until `claim` holds, for at most twenty seconds; returns whether it does.
bool eventually(const std::function<bool()>& claim);

struct Pipe {
  Pipe();
  FileDescriptor read_end;
  FileDescriptor write_end;
};

/// False if the other side does not take it any more.
bool write_all(int fd, std::string_view bytes);
/// "prefix 0\n" ... "prefix count-1\n".
std::string numbered_lines(const std::string& prefix, int first, int count);

/// Reads a descriptor to its end on a thread of its own.
class Collector {
 public:
  explicit Collector(FileDescriptor fd);
  ~Collector();
  /// Waits for the end.
  const std::string& all();
  /// What came so far. Any thread.
  size_t size_bytes() const { return size_bytes_; }

 private:
  FileDescriptor fd_;
  std::atomic<size_t> size_bytes_{0};
  std::atomic<bool> is_abandoned_{false};
  std::string bytes_;
  std::thread thread_;
};

/// Problems in the order in which they were told, from any thread.
class Complaints {
 public:
  std::function<void(const std::string&)> listener();
  std::vector<std::string> all() const;
  size_t count_of(std::string_view part) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;
};

/// One captured stream: what the test writes goes through a pipe and a pump into a ring, and the
/// output to nowhere.
class CapturedPipe {
 public:
  CapturedPipe(spool::Stream stream, const Clock& clock, capture::StreamPump::Options options,
               std::function<void()> on_progress);

  bool write(std::string_view bytes) { return write_all(pipe_.write_end.get(), bytes); }
  void close() { pipe_.write_end.reset(); }
  /// The pump calls nobody any more.
  bool is_over() const { return is_over_; }
  capture::CapturedStream captured() { return {stream_, &ring_, pump_.get()}; }
  capture::StreamPump& pump() { return *pump_; }
  spool::StreamRing& ring() { return ring_; }

 private:
  const spool::Stream stream_;
  Pipe pipe_;
  FileDescriptor nowhere_;
  spool::StreamRing ring_;
  std::atomic<bool> is_over_{false};
  std::unique_ptr<capture::StreamPump> pump_;
};

}  // namespace gasoline::test
