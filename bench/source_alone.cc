// What a source costs by itself: lines of one remote file or container go no further than into a
// counter, so that neither the pipeline nor the event log is in the figure.
//
//     source_alone ssh HOST SSH-CONFIG PATH STATE-DIRECTORY LINES
//     source_alone container SOCKET NAME STATE-DIRECTORY LINES
//
// Ends after LINES lines and prints seconds of wall clock and of CPU. With 0 lines it ends after the
// first look, from which on a container counts as new.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "io/real_file_system.h"
#include "source/container/container_source.h"
#include "source/ssh/ssh_source.h"

namespace gasoline::bench {
namespace {

/// Takes every line at once and says so from a thread of its own, as the pipeline does.
class CountingIntake final : public source::Intake {
 public:
  CountingIntake() : thread_([this] { answer(); }) {}
  ~CountingIntake() override {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  bool try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) override {
    lines += batch.lines.size();
    batch = source::LineBatch();
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
    changed_.notify_one();
    return true;
  }
  uint64_t last_seq(std::string_view) const override { return 0; }
  bool is_ready() const override { return true; }
  void hold(std::string_view, bool) override {}

  std::atomic<uint64_t> lines{0};

 private:
  void answer() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return is_ending_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      const auto done = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      done(source::Taken::kYes);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void(source::Taken)>> waiting_;
  bool is_ending_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<source::Source>> make(const std::string& kind, char** arguments,
                                             const source::Surroundings& around) {
  config::SourceSettings settings;
  if (kind == "ssh") {
    settings.type = config::SourceSettings::Type::kSsh;
    settings.host = arguments[0];
    settings.ssh_options = {"-F", arguments[1]};
    settings.paths = {arguments[2]};
    settings.start = config::Start::kBeginning;
    return source::ssh::make_ssh_source({settings}, around);
  }
  settings.type = config::SourceSettings::Type::kContainer;
  settings.socket = arguments[0];
  settings.names = {arguments[1]};
  return source::container::make_container_source(settings, around, {});
}

double cpu_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

int run(const std::string& kind, char** arguments, const std::string& state, uint64_t lines) {
  const SystemClock clock;
  SeededRandom random(static_cast<uint64_t>(clock.wall_us()));
  io::RealFileSystem files;
  DescriptorLog diary(2, Severity::kWarn, clock);
  CountingIntake intake;
  const int64_t begun_us = clock.monotonic_us();
  auto source = make(kind, arguments, {intake, files, clock, random, diary, state});
  if (!source) {
    std::fprintf(stderr, "%s\n", source.error().to_string().c_str());
    return 1;
  }
  (*source)->start();
  const auto is_done = [&] {
    if (lines > 0) return intake.lines >= lines;
    const source::Snapshot seen = (*source)->snapshot();
    return !seen.note.empty() && seen.problem.empty();
  };
  while (!is_done()) std::this_thread::sleep_for(std::chrono::milliseconds(lines > 0 ? 1 : 500));
  std::printf("%.3f %.3f\n", static_cast<double>(clock.monotonic_us() - begun_us) / 1e6, cpu_s());
  (*source)->stop();
  return 0;
}

}  // namespace
}  // namespace gasoline::bench

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "";
  const int count = kind == "ssh" ? 7 : kind == "container" ? 6 : 0;
  if (count == 0 || argc != count) {
    std::fprintf(stderr, "usage: source_alone ssh HOST SSH-CONFIG PATH STATE-DIRECTORY LINES\n"
                         "       source_alone container SOCKET NAME STATE-DIRECTORY LINES\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  return gasoline::bench::run(kind, argv + 2, argv[argc - 2],
                              std::strtoull(argv[argc - 1], nullptr, 10));
}
