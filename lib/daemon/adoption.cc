#include "daemon/adoption.h"

#include <fmt/format.h>
#include <pthread.h>

#include <future>

#include "spool/dead_run.h"
#include "spool/spool_directory.h"

namespace gasoline::daemon {

Adoption::Adoption(io::FileSystem& files, Pipeline& pipeline, const Clock& clock, Random& random,
                   Log& log, Options options)
    : files_(files),
      pipeline_(pipeline),
      clock_(clock),
      random_(random),
      log_(log),
      options_(std::move(options)),
      rings_(files, clock, random, options_.ring_directory,
             [&log](const std::string& problem) { log.warn(problem); }),
      thread_([this] { run(); }) {}

Adoption::~Adoption() {
  is_stopping_.store(true);
  wake_.notify();
  thread_.join();
}

void Adoption::run() {
  ::pthread_setname_np(::pthread_self(), "adoption");
  while (!is_stopping_.load()) {
    options_.on_step();
    if (pipeline_.is_ready()) look_around();
    expire_pool();
    wake_.wait(options_.interval_us);
  }
}

/// Nobody else may be there to do it, and what is in it was somebody's output.
void Adoption::expire_pool() {
  constexpr int64_t kIntervalUs = 60'000'000;
  const int64_t now_us = clock_.monotonic_us();
  if (now_us < next_expiry_us_) return;
  next_expiry_us_ = now_us + kIntervalUs;
  journal::SegmentPool(files_, spool::pool_directory(options_.directory)).expire(clock_.wall_us());
}

void Adoption::look_around() {
  rings_.look_around();
  for (const std::string& directory : spool::list_runs(files_, options_.directory)) {
    if (is_stopping_.load()) return;
    adopt(directory);
  }
}

void Adoption::adopt(const std::string& directory) {
  auto taken = spool::take_dead_run(files_, clock_, random_, rings_, directory);
  if (!taken) {
    counters_.failures.fetch_add(1, std::memory_order_relaxed);
    log_.warn("cannot adopt " + directory + ": " + taken.error().to_string());
  }
  if (!taken || !taken->has_value()) return;
  spool::DeadRun& dead = **taken;
  uint64_t events = 0;
  spool::SpoolBatch batch;
  while (true) {
    if (Status read = dead.reader->next_batch({}, batch); !read) {
      return log_.warn("cannot read " + directory + ": " + read.error().to_string());
    }
    if (batch.events == 0) break;
    Pipeline::Job job;
    job.body = batch.body;
    if (!deliver(std::move(job))) return;
    events += batch.events;
    counters_.events.fetch_add(batch.events, std::memory_order_relaxed);
    if (Status gone = dead.release(); !gone) log_.warn(gone.error().to_string());
  }
  counters_.spools.fetch_add(1, std::memory_order_relaxed);
  log_.info(
      fmt::format("adopted run {} ({}): {} events", dead.run.run_id, dead.run.service, events));
  journal::SegmentPool pool(files_, spool::pool_directory(options_.directory));
  if (Status removed = spool::remove_run(files_, directory, &pool); !removed) {
    log_.warn("cannot remove " + directory + ": " + removed.error().to_string());
  }
}

/// Waits for the pipeline, at growing intervals while it is full or its log cannot be written.
/// False if the daemon ends first: whoever comes next begins with the same batch.
bool Adoption::deliver(Pipeline::Job job) {
  int64_t delay_us = 10'000;
  while (!is_stopping_.load()) {
    options_.on_step();
    std::promise<Outcome> promise;
    std::future<Outcome> future = promise.get_future();
    Pipeline::Job attempt;
    attempt.body = job.body;
    attempt.done = [&promise](Outcome outcome) { promise.set_value(std::move(outcome)); };
    if (pipeline_.submit(attempt)) {
      const Outcome outcome = future.get();
      if (outcome.code != Outcome::Code::kUnavailable) {
        if (outcome.code != Outcome::Code::kTaken) {
          counters_.failures.fetch_add(1, std::memory_order_relaxed);
          log_.warn("a batch of an adopted spool was refused: " + outcome.detail);
        }
        return true;
      }
    }
    wake_.wait(delay_us);
    delay_us = std::min<int64_t>(2 * delay_us, 1'000'000);
  }
  return false;
}

}  // namespace gasoline::daemon
