#include <dirent.h>
#include <malloc.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>

#include "source/ssh/ssh_process.h"
#include "source/ssh/ssh_rig.h"

namespace gasoline::source::ssh {
namespace {

constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kHourUs = 3'600 * kSecondUs;

class StandingClock final : public Clock {
 public:
  int64_t wall_us() const override { return 1'700'000'000 * kSecondUs + now_us; }
  int64_t monotonic_us() const override { return now_us; }
  int64_t now_us = kSecondUs;
};

size_t count_entries(const char* directory) {
  size_t count = 0;
  DIR* opened = ::opendir(directory);
  while (::readdir(opened) != nullptr) ++count;
  ::closedir(opened);
  return count;
}

size_t children() {
  size_t count = 0;
  const std::string path = "/proc/self/task/" + std::to_string(::getpid()) + "/children";
  const std::string text = test::read_file(path);
  for (const char c : text) count += c == ' ' ? 1 : 0;
  return count;
}

/// A reader whose ssh is real, a process each time, and whose time is the test's.
struct OutageRig {
  OutageRig() {
    HostReader::Options options;
    options.host = "web1";
    options.checkpoint_path = rig.state.path() + "/sources/web1";
    options.seed = 3;
    options.connect = [this](Link::Events events) {
      attempts.push_back(clock.now_us);
      return SshProcess::start(rig.loop, {rig.script}, std::move(events));
    };
    options.keys = [this] { return keys; };
    options.wake = [] {};
    reader = std::make_unique<HostReader>(
        std::move(options), std::vector<Watch>{rig.watch("a.log")},
        Surroundings{rig.intake, rig.files, clock, rig.random, rig.log, rig.state.path()});
  }
  ~OutageRig() {
    reader.reset();
    rig.loop.run_ready();
  }

  /// Lets an attempt end in real time, then goes to what is due next.
  void turn() {
    const int64_t next_us = reader->tick();
    rig.intake.deliver();
    if (reader->state() == HostReader::State::kConnecting) {
      rig.loop.run_once();
      return;
    }
    rig.loop.run_ready();
    clock.now_us = std::max(clock.now_us + 1, next_us);
  }

  StandingClock clock;
  test::HostRig rig;
  uint64_t keys = 0;
  std::vector<int64_t> attempts;
  std::unique_ptr<HostReader> reader;
};

TEST_CASE(
    "an hour without a network costs no descriptor, process or memory, and ends in two lines") {
  OutageRig outage;
  outage.rig.write_script(
      "echo 'ssh: connect to host web1 port 22: No route to host' >&2; exit 255");
  while (outage.attempts.size() < 12) outage.turn();
  while (outage.reader->state() == HostReader::State::kConnecting) outage.turn();
  const size_t descriptors = count_entries("/proc/self/fd");
  const size_t processes = children();
  const size_t memory = ::mallinfo2().uordblks;
  while (outage.clock.now_us < kHourUs) outage.turn();
  while (outage.reader->state() == HostReader::State::kConnecting) outage.turn();
  outage.rig.loop.run_ready();
  CHECK(count_entries("/proc/self/fd") == descriptors);
  CHECK(children() == processes);
  CHECK(::mallinfo2().uordblks < memory + 64 * 1024);
  CHECK(outage.attempts.size() > 30);
  CHECK(outage.attempts.size() < 60);
  CHECK(outage.rig.log.count(Severity::kWarn) == 1);
  CHECK(outage.rig.log.count(Severity::kError) == 1);
  CHECK(outage.reader->snapshot().problem.starts_with(
      "ssh: connect to host web1 port 22: No route to host; "));
  CHECK(outage.reader->snapshot().note.find("circuit breaker") != std::string::npos);
  for (size_t i = 1; i < outage.attempts.size(); ++i) {
    const int64_t wait_us = outage.attempts[i] - outage.attempts[i - 1];
    CHECK(wait_us >= kSecondUs / 2);
    CHECK(wait_us <= 133 * kSecondUs);
  }
}

TEST_CASE("a shell that never answers is given up after ten seconds, and its processes with it") {
  OutageRig outage;
  outage.rig.write_script("sleep 1000 & exec sleep 1000");
  outage.reader->tick();
  CHECK(outage.reader->state() == HostReader::State::kConnecting);
  outage.clock.now_us += HostReader::kGreetingUs - 1;
  outage.reader->tick();
  CHECK(outage.reader->state() == HostReader::State::kConnecting);
  outage.clock.now_us += 1;
  outage.reader->tick();
  CHECK(outage.reader->state() == HostReader::State::kWaiting);
  CHECK(outage.reader->problem() == "web1: no answer from its shell within 10 s");
  CHECK(children() == 0);
}

TEST_CASE("a far side that falls silent is given up after eight seconds") {
  OutageRig outage;
  outage.rig.write_script(
      "while read -r l; do case $l in 't '*) set -- $l; echo \"gasoline 1 ${2%;}\";; esac; done");
  while (outage.reader->state() != HostReader::State::kFollowing) {
    outage.reader->tick();
    outage.rig.loop.run_once();
  }
  outage.reader->tick();
  outage.clock.now_us += HostReader::kSilenceUs - 1;
  outage.reader->tick();
  CHECK(outage.reader->state() == HostReader::State::kFollowing);
  outage.clock.now_us += 1;
  outage.reader->tick();
  CHECK(outage.reader->state() == HostReader::State::kWaiting);
  CHECK(outage.reader->failures() == 1);
}

TEST_CASE("a refusal waits for a key to change, however long, and then goes on at once") {
  OutageRig outage;
  outage.rig.append("a.log", "line 0\n");
  outage.rig.write_script("echo 'me@web1: Permission denied (publickey).' >&2; exit 255");
  while (outage.reader->state() != HostReader::State::kRefused) outage.turn();
  const int64_t refused_us = outage.clock.now_us;
  while (outage.clock.now_us < refused_us + kHourUs) outage.turn();
  CHECK(outage.attempts.size() == 1);
  CHECK(outage.rig.log.count(Severity::kWarn) == 1);
  CHECK(outage.reader->snapshot().problem.find("ssh-copy-id web1") != std::string::npos);
  outage.rig.write_script("exec sh -s");
  ++outage.keys;
  const int64_t changed_us = outage.clock.now_us;
  while (outage.attempts.size() < 2) outage.turn();
  CHECK(outage.clock.now_us <= changed_us + HostReader::kKeysLookUs + HostReader::kTickUs);
  while (outage.rig.intake.count() == 0) {
    outage.turn();
    outage.rig.loop.run_once();
  }
  CHECK(outage.reader->problem().empty());
}

TEST_CASE("without an ssh client that is said, and is not tried for ever") {
  OutageRig outage;
  ::unlink(outage.rig.script.c_str());
  outage.reader->tick();
  CHECK(outage.reader->state() == HostReader::State::kRefused);
  CHECK(outage.reader->problem().find("openssh-client") != std::string::npos);
}

}  // namespace
}  // namespace gasoline::source::ssh
