#include "source/ssh/ssh_rig.h"

#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "source/ssh/ssh_process.h"

namespace gasoline::test {

HostRig::HostRig(const std::string& shell) : script(state.path() + "/ssh") {
  ::signal(SIGPIPE, SIG_IGN);
  write_script("echo $$ >" + state.path() + "/pid; exec " + shell);
}

HostRig::~HostRig() {
  reader.reset();
  loop.run_ready();
}

void HostRig::write_script(const std::string& shell) {
  std::ofstream(script) << "#!/bin/sh\n" << shell << "\n";
  ::chmod(script.c_str(), 0700);
}

source::ssh::Watch HostRig::watch(const std::string& pattern, config::Start start) const {
  source::ssh::Watch watch;
  watch.pattern = directory.path() + "/" + pattern;
  watch.start = start;
  watch.service = "far";
  return watch;
}

void HostRig::start(std::vector<source::ssh::Watch> watches) {
  source::ssh::HostReader::Options options;
  options.host = "web1";
  options.checkpoint_path = state.path() + "/sources/web1";
  options.poll_interval_us = 5'000;
  options.seed = random.next_u64();
  options.connect = [this](source::ssh::Link::Events events) {
    ++made;
    return source::ssh::SshProcess::start(loop, {script}, std::move(events));
  };
  options.keys = [this] { return keys; };
  options.wake = [] {};
  reader = std::make_unique<source::ssh::HostReader>(
      std::move(options), std::move(watches),
      source::Surroundings{intake, files, clock, random, log, state.path()});
}

void HostRig::crash() {
  const std::string checkpoint = state.path() + "/sources/web1";
  const std::string kept = read_file(checkpoint);
  reader.reset();
  std::ofstream(checkpoint, std::ios::binary | std::ios::trunc) << kept;
}

void HostRig::cut_link() {
  std::ifstream file(state.path() + "/pid");
  pid_t pid = 0;
  if (file >> pid) ::kill(pid, SIGKILL);
}

void HostRig::turn() {
  const int64_t next_us = reader->tick();
  intake.deliver();
  loop::Timer timer(loop, [] {});
  timer.start(std::clamp<int64_t>(next_us - clock.monotonic_us(), 0, 5'000));
  loop.run_once();
}

bool HostRig::eventually(const std::function<bool()>& claim) {
  constexpr int64_t kPatienceUs = 60'000'000;
  const int64_t give_up_us = clock.monotonic_us() + kPatienceUs;
  while (!claim()) {
    if (clock.monotonic_us() > give_up_us) return false;
    turn();
  }
  return true;
}

void HostRig::run_for(int64_t us) {
  const int64_t until_us = clock.monotonic_us() + us;
  while (clock.monotonic_us() < until_us) turn();
}

void HostRig::append(const std::string& name, std::string_view text) const {
  std::ofstream(path(name), std::ios::binary | std::ios::app) << text;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace gasoline::test
