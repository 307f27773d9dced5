#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "io/file_system.h"
#include "source/intake.h"

namespace gasoline::source {

/// What a source builds on. All of it outlives the source.
struct Surroundings {
  Intake& intake;
  io::FileSystem& files;  ///< for checkpoints; what is followed is read past it
  const Clock& clock;
  Random& random;  ///< one thread at a time: a source draws only while it is made
  Log& diary;
  std::string state_directory;  ///< of the daemon; a source keeps its own below "sources/"
};

/// One thing that a source follows: a file, a container, a file of another host.
struct Followed {
  enum class State {
    kFollowing,  ///< all is well, read up to its end or on the way there
    kWaiting,    ///< it is not there, or not yet what it should be; looked for again
    kFailing,    ///< see `problem`; tried again
    kEnded       ///< read to its end, nothing more will come
  };
  std::string name;  ///< its path, or the container's name
  std::string service;
  std::string run_id;  ///< its origin in the event log
  State state = State::kWaiting;
  std::string problem;        ///< in plain words, empty if there is none
  uint64_t offset_bytes = 0;  ///< read and in the event log up to here
  uint64_t size_bytes = 0;    ///< as far as is known
  uint64_t lines = 0;         ///< taken by the event log since the start
  int64_t last_line_us = 0;   ///< wall clock; 0 before the first
};

std::string_view to_string(Followed::State state) noexcept;

/// A source at one moment, for status and metrics.
struct Snapshot {
  std::vector<Followed> followed;
  std::string note;            ///< how it works at present ("polling: no inotify watches left")
  std::string problem;         ///< of the source as a whole, empty if there is none
  uint64_t lines = 0;          ///< taken by the event log since the start
  uint64_t bytes = 0;          ///< of those lines
  uint64_t lost_bytes = 0;     ///< known to be lost before they could be read
  uint64_t losses = 0;         ///< how often that, or a loss of unknown size, was seen
  uint64_t rejected_full = 0;  ///< batches that had to wait for room in the pipeline
};

/// A task that brings lines in, on a thread of its own. Made, started once, stopped once.
class Source {
 public:
  /// Stops it if that was not done.
  virtual ~Source() = default;
  /// As the configuration calls it; "file", "ssh" or "container".
  virtual const std::string& name() const = 0;
  virtual std::string_view type() const = 0;

  /// Starts the thread; it waits for the intake to be ready by itself.
  virtual void start() = 0;
  /// Asks it to end, without waiting. Thread-safe.
  virtual void request_stop() = 0;
  /// True once the thread has done its last work, or was never started. Thread-safe.
  virtual bool has_stopped() const = 0;
  /// Asks, and waits until it has stopped: its checkpoint is written then.
  virtual void stop() = 0;

  /// Thread-safe, and never waits for the followed things.
  virtual Snapshot snapshot() const = 0;
  /// When the thread last came round, on the monotonic clock; at least once a second unless it
  /// hangs, for instance in a file system that does not answer. Thread-safe.
  virtual int64_t heartbeat_us() const = 0;
};

}  // namespace gasoline::source
