#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/ids.h"
#include "capture/capture_rig.h"
#include "capture/spool_maker.h"
#include "capture/spool_writer.h"
#include "io/real_file_system.h"

namespace gasoline::test {

/// Two captured pipes and the writer of their spool.
struct SpoolRig {
  SpoolRig(io::FileSystem& files, const std::string& directory,
           capture::SpoolWriter::Options options = {}, const Clock* pump_clock = nullptr,
           const Clock* writer_clock = nullptr, const spool::RunDescription* same_run = nullptr)
      : out(spool::Stream::kStdout, pump_clock != nullptr ? *pump_clock : still_clock, {},
            [this] { notify(out); }),
        err(spool::Stream::kStderr, pump_clock != nullptr ? *pump_clock : still_clock, {},
            [this] { notify(err); }) {
    run.run_id = view(make_ulid(static_cast<uint64_t>(clock.wall_us() / 1000),
                                static_cast<uint16_t>(random.next_u64()), random.next_u64()));
    run.service = "shop";
    run.started_us = clock.wall_us();
    if (same_run != nullptr) run = *same_run;
    options.directory = directory;
    writer = std::make_unique<capture::SpoolWriter>(
        files, writer_clock != nullptr ? *writer_clock : clock, random, options, run,
        [this] { ++spooled_calls; }, complaints.listener());
  }
  ~SpoolRig() {
    wait_for_pumps();
    writer.reset();
  }
  void start() {
    writer->start({out.captured(), err.captured()}, "\"run_started\":{}");
    is_started = true;
    writer->notify();
  }
  void notify(CapturedPipe& pipe) {
    if (is_started) writer->notify_published(pipe.ring());
  }
  /// As the wrapper does when the child is gone.
  bool finish(int64_t patience_us) {
    wait_for_pumps();
    return writer->finish("\"run_ended\":{}", patience_us);
  }

  void wait_for_pumps() {
    out.close();
    err.close();
    eventually([&] { return out.is_over() && err.is_over(); });
  }

  SharedManualClock still_clock;  // of the pumps: without time nothing is dropped
  SystemClock clock;
  SystemRandom random;
  spool::RunDescription run;
  Complaints complaints;
  std::atomic<int> spooled_calls{0};
  std::atomic<bool> is_started{false};
  std::unique_ptr<capture::SpoolWriter> writer;
  CapturedPipe out;
  CapturedPipe err;
};

}  // namespace gasoline::test
