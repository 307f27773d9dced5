#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "capture/capture_rig.h"
#include "capture/scripted_daemon.h"
#include "capture/sender.h"
#include "capture/spool_maker.h"
#include "io/real_file_system.h"
#include "support/temporary_directory.h"

namespace gasoline::test {

/// A sender with the spool of its own run, and a place for a daemon.
struct SenderRig {
  explicit SenderRig(io::FileSystem* other_files = nullptr)
      : files(other_files != nullptr ? *other_files : real_files), own(files, spools()) {}

  std::string spools() const { return directory / "spool"; }
  std::string socket_path() const { return directory / "sock"; }
  void listen(ScriptedDaemon::Script script) {
    daemon = std::make_unique<ScriptedDaemon>(socket_path(), std::move(script));
  }
  void start(bool adopts = false, const std::string& daemon_program = {}) {
    capture::Sender::Options options;
    options.target.unix_path = socket_path();
    options.target_name = "the test's socket";
    options.daemon_program = daemon_program;
    if (adopts) options.adoption_directory = spools();
    sender = std::make_unique<capture::Sender>(
        files, clock, random, options, [this](uint64_t record) { acknowledged = record; },
        complaints.listener());
    sender->start(own.run(), [this] { return own.directory(); });
  }
  void add_lines(const std::vector<std::string>& lines) {
    own.add_lines(lines);
    sender->notify();
  }
  bool is_all_acknowledged() const { return acknowledged == own.end_record(); }
  std::map<std::string, std::string> expected() const {
    return {own.events().begin(), own.events().end()};
  }

  TemporaryDirectory directory;
  SystemClock clock;
  SystemRandom random;
  io::RealFileSystem real_files;
  io::FileSystem& files;
  SpoolMaker own;
  Complaints complaints;
  std::atomic<uint64_t> acknowledged{0};
  std::unique_ptr<ScriptedDaemon> daemon;
  std::unique_ptr<capture::Sender> sender;
};

}  // namespace gasoline::test
