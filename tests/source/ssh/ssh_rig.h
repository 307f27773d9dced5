#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "io/real_file_system.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "source/ssh/host_reader.h"
#include "support/memory_intake.h"
#include "support/temporary_directory.h"

namespace gasoline::test {

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
