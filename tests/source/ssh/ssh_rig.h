#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "io/real_file_system.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "source/intake.h"
#include "source/ssh/host_reader.h"
#include "support/temporary_directory.h"

namespace gasoline::test {

/// An event log in memory: keeps what it takes, and knows what it has. Answers when deliver() is
/// called, as the pipeline does later and elsewhere. Takes no line before the one that it follows.
class MemoryIntake final : public source::Intake {
 public:
  struct Line {
    std::string text;
    uint64_t seq = 0;
    std::string metadata;
  };

  bool try_submit(source::LineBatch& batch, std::function<void(source::Taken)> done) override;
  uint64_t last_seq(std::string_view run_id) const override;
  bool is_ready() const override { return ready; }
  void hold(std::string_view, bool) override {}

  /// Answers what was submitted. Returns how many batches that were.
  size_t deliver();
  /// Every line of every origin, in the order of origins.
  std::vector<std::string> texts() const;
  size_t count() const;

  size_t undelivered() const { return undelivered_.size(); }

  bool ready = true;
  bool is_silent = false;  ///< deliver() does nothing
  std::function<bool()> is_full = [] { return false; };
  std::function<bool()> is_failing = [] { return false; };
  std::map<std::string, std::vector<Line>> lines;
  size_t batches = 0;
  size_t repeated_lines = 0;

 private:
  std::vector<std::pair<std::function<void(source::Taken)>, source::Taken>> undelivered_;
};

/// A log that keeps what it was told.
class KeptLog final : public Log {
 public:
  void write(Severity severity, std::string_view text) override {
    entries.emplace_back(severity, text);
  }
  size_t count(Severity severity) const;
  std::vector<std::pair<Severity, std::string>> entries;
};

/// A reader of one "host", which is this machine: what stands for ssh runs the far side in a shell
/// of the test's choice.
class HostRig {
 public:
  /// `shell` is what `exec sh -s` becomes: "dash -s", "busybox sh -s".
  explicit HostRig(const std::string& shell = "sh -s");
  ~HostRig();

  source::ssh::Watch watch(const std::string& pattern,
                           config::Start start = config::Start::kBeginning) const;
  void start(std::vector<source::ssh::Watch> watches);
  /// As kill -9 would: what only the process knew is gone; the checkpoint stays as it was.
  void crash();
  void stop() { reader.reset(); }
  /// Ends what stands for ssh.
  void cut_link();
  /// Runs everything until the claim holds, for at most twenty seconds.
  bool eventually(const std::function<bool()>& claim);
  void run_for(int64_t us);

  std::string path(const std::string& name) const { return directory.path() + "/" + name; }
  void append(const std::string& name, std::string_view text) const;
  void write_script(const std::string& shell);

  TemporaryDirectory directory;
  TemporaryDirectory state;
  SystemClock clock;
  SeededRandom random{7};
  io::RealFileSystem files;
  KeptLog log;
  MemoryIntake intake;
  uint64_t keys = 0;
  uint64_t made = 0;
  std::string script;
  loop::Loop loop;
  std::unique_ptr<source::ssh::HostReader> reader;

 private:
  void turn();
};

std::string read_file(const std::string& path);

}  // namespace gasoline::test
