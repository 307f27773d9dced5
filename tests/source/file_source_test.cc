#include "source/file/file_source.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <functional>
#include <mutex>
#include <thread>

#include "source/follower_rig.h"

namespace gasoline::source {
namespace {

/// A FakeIntake that may be used from any thread, and answers by a thread as the pipeline does.
class ThreadedIntake final : public Intake {
 public:
  ThreadedIntake() : thread_([this] { run(); }) {}
  ~ThreadedIntake() override {
    is_ending_ = true;
    thread_.join();
  }
  bool try_submit(LineBatch& batch, std::function<void(Taken)> done) override {
    const std::lock_guard lock(mutex_);
    return fake_.try_submit(batch, std::move(done));
  }
  uint64_t last_seq(std::string_view run_id) const override {
    const std::lock_guard lock(mutex_);
    return fake_.last_seq(run_id);
  }
  bool is_ready() const override { return true; }
  void hold(std::string_view run_id, bool is_held) override {
    const std::lock_guard lock(mutex_);
    fake_.hold(run_id, is_held);
  }
  size_t lines() const {
    const std::lock_guard lock(mutex_);
    return fake_.lines.size();
  }

 private:
  void run() {
    while (!is_ending_) {
      {
        const std::lock_guard lock(mutex_);
        fake_.answer();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  mutable std::mutex mutex_;
  test::FakeIntake fake_;
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

bool eventually(const std::function<bool()>& claim) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!claim()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

TEST_CASE("a source follows on a thread of its own, tells of itself and stops when it is asked") {
  test::TemporaryDirectory logs;
  test::TemporaryDirectory state;
  test::HandClock clock;
  SystemRandom random;
  SilentLog diary;
  io::RealFileSystem files;
  ThreadedIntake intake;
  config::SourceSettings settings;
  settings.name = "files";
  settings.paths = {logs.path() + "/*.log"};
  const Surroundings around{intake, files, clock, random, diary, state.path()};
  const std::string path = logs.path() + "/a.log";
  const auto append = [&](const char* text) {
    std::ofstream(path, std::ios::binary | std::ios::app) << text;
  };
  for (size_t round = 1; round <= 3; ++round) {
    FileSource source(settings, around);
    CHECK(source.has_stopped());
    source.start();
    append("line\n");
    REQUIRE(eventually([&] { return intake.lines() == round; }));
    CHECK(source.heartbeat_us() > 0);
    REQUIRE(eventually([&] { return source.snapshot().lines == 1; }));
    CHECK(source.snapshot().followed.size() == 1);
    source.stop();
    CHECK(source.has_stopped());
  }
}

}  // namespace
}  // namespace gasoline::source
