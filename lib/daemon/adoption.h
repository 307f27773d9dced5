#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/wake_up.h"
#include "daemon/pipeline.h"
#include "io/file_system.h"
#include "spool/ring_recovery.h"

namespace gasoline::daemon {

/// Delivers what dead runs left in their spools. A thread of its own.
///
/// First what they had read but not spooled yet is brought from their rings into their spools.
/// A spool is taken over under its journal's lock, so never while its wrapper lives and never by
/// two. Its batches go through the pipeline like any other; the directory is removed once all is
/// acknowledged.
class Adoption {
 public:
  struct Options {
    std::string directory;
    std::string ring_directory;  ///< see Places::ring_directory
    int64_t interval_us = 1'000'000;
    /// Called on its thread at each step.
    std::function<void()> on_step = [] {};
  };
  struct Counters {
    std::atomic<uint64_t> spools{0};
    std::atomic<uint64_t> events{0};
    std::atomic<uint64_t> failures{0};
  };

  Adoption(io::FileSystem& files, Pipeline& pipeline, const Clock& clock, Random& random, Log& log,
           Options options);
  ~Adoption();
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;

  const Counters& counters() const { return counters_; }

 private:
  void run();
  void look_around();
  void expire_pool();
  void adopt(const std::string& directory);
  bool deliver(Pipeline::Job job);

  io::FileSystem& files_;
  Pipeline& pipeline_;
  const Clock& clock_;
  Random& random_;
  Log& log_;
  const Options options_;
  Counters counters_;
  spool::RingRecovery rings_;
  int64_t next_expiry_us_ = 0;
  std::atomic<bool> is_stopping_{false};
  WakeUp wake_;
  std::thread thread_;
};

}  // namespace gasoline::daemon
