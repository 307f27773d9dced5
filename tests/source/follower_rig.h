#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "io/real_file_system.h"
#include "source/file/follower.h"
#include "support/temporary_directory.h"

namespace gasoline::test {

/// A clock that the test moves.
class HandClock final : public Clock {
 public:
  int64_t wall_us() const override { return SystemClock().wall_us() + offset_us; }
  int64_t monotonic_us() const override { return SystemClock().monotonic_us() + offset_us; }
  int64_t offset_us = 0;
};

/// Takes lines as the daemon does: in order, each once, and only as many batches as it is told to.
class FakeIntake final : public source::Intake {
 public:
  bool try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) override;
  uint64_t last_seq(std::string_view run_id) const override;
  bool is_ready() const override { return true; }
  void hold(std::string_view run_id, bool is_held) override;

  /// Works off what is queued.
  void answer();

  size_t room = 1000;          ///< batches that may wait
  bool is_log_broken = false;  ///< everything is answered kTryAgain
  std::vector<std::string> lines;
  std::vector<std::string> metadata;  ///< of each line
  std::vector<std::string> services;  ///< of each batch
  std::vector<std::string> gaps;      ///< metadata of those that tell of a loss
  std::map<std::string, uint64_t, std::less<>> marks;
  std::map<std::string, int, std::less<>> held;
  size_t batches_waiting_most = 0;

 private:
  struct Waiting {
    source::LineBatch batch;
    std::function<void(source::Taken)> done;
  };
  std::deque<Waiting> queue_;
};

/// A watcher that has only so many watches, as the kernel has.
class FewWatches final : public source::Watcher {
 public:
  explicit FewWatches(std::unique_ptr<source::Watcher> real, size_t limit)
      : real_(std::move(real)), limit_(limit) {}
  Result<int> watch_file(int fd) override;
  Result<int> watch_directory(const std::string& path) override {
    return real_->watch_directory(path);
  }
  void remove(int watch) override { real_->remove(watch); }
  int fd() const override { return real_->fd(); }
  void read(const std::function<void(const Notice&)>& use) override { real_->read(use); }

 private:
  std::unique_ptr<source::Watcher> real_;
  const size_t limit_;
  size_t files_ = 0;
};

/// A follower of DIRECTORY/*.log that the test drives by hand.
struct FollowerRig {
  FollowerRig();
  /// Ends the follower as a crash would, or in order, and makes the next.
  void begin(std::unique_ptr<source::Watcher> watcher = nullptr);
  void crash() { follower.reset(); }
  void end() {
    intake.answer();
    follower->finish(0);
    follower.reset();
  }
  /// Works until there is nothing to do for a while, with answers in between.
  void settle();
  /// Works until `claim` holds; false after twenty seconds.
  bool until(const std::function<bool()>& claim);
  void append(const std::string& name, const std::string& text) const;
  std::string at(const std::string& name) const { return logs / name; }

  TemporaryDirectory logs;
  TemporaryDirectory state;
  HandClock clock;
  SystemRandom random;
  SilentLog diary;
  io::RealFileSystem files;
  FakeIntake intake;
  config::SourceSettings settings;
  source::Follower::Timing timing;
  std::shared_ptr<source::LineAnswers> answers = std::make_shared<source::LineAnswers>();
  std::unique_ptr<source::Follower> follower;
};

}  // namespace gasoline::test
