#include "source/ssh/ssh_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/crc32c.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "source/ssh/ssh_command.h"
#include "source/ssh/ssh_process.h"

namespace gasoline::source::ssh {
namespace {

constexpr size_t kWakeUpsMax = 4;
constexpr int64_t kSnapshotIntervalUs = 200'000;

/// "admin@web1.example:22" -> a name for a file; other hosts, and other ways to one, have others.
std::string checkpoint_name(const config::SourceSettings& settings) {
  std::string name = "ssh-";
  for (const char c : settings.host.substr(0, 64)) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += is_plain ? c : '_';
  }
  std::string whole = settings.host + '\0' + settings.ssh_command;
  for (const std::string& option : settings.ssh_options) whole += '\0' + option;
  return fmt::format("{}-{:08x}", name, crc32c(whole.data(), whole.size()));
}

/// "admin@web1.example" -> "web1.example"
std::string service_of(const std::string& host) {
  return host.substr(host.rfind('@') + 1);
}

/// The far shell starts in the home directory.
std::string far_path(const std::string& path) {
  return path.starts_with("~/") ? path.substr(2) : path;
}

std::vector<Watch> watches_of(const std::vector<config::SourceSettings>& all) {
  std::vector<Watch> watches;
  for (const config::SourceSettings& settings : all) {
    for (const std::string& path : settings.paths) {
      Watch watch;
      watch.pattern = far_path(path);
      for (const std::string& pattern : settings.exclude) {
        watch.exclude.push_back(far_path(pattern));
      }
      watch.start = settings.start;
      watch.recent_us = settings.recent_us;
      watch.max_age_us = settings.max_age_us;
      watch.service = settings.service.empty() ? service_of(settings.host) : settings.service;
      watch.timezone = settings.timezone;
      watch.tags = settings.tags;
      watches.push_back(std::move(watch));
    }
  }
  return watches;
}

}  // namespace

bool is_same_host(const config::SourceSettings& a, const config::SourceSettings& b) {
  return a.host == b.host && a.ssh_command == b.ssh_command && a.ssh_options == b.ssh_options;
}

Result<std::unique_ptr<Source>> SshSource::create(std::vector<config::SourceSettings> settings,
                                                  Surroundings surroundings) {
  GASOLINE_ASSERT(!settings.empty());
  for (const config::SourceSettings& one : settings) {
    GASOLINE_ASSERT(is_same_host(one, settings.front()));
    if (Status checked = check_settings(one); !checked) return checked.error();
  }
  return std::unique_ptr<Source>(new SshSource(std::move(settings), std::move(surroundings)));
}

SshSource::SshSource(std::vector<config::SourceSettings> settings, Surroundings surroundings)
    : settings_(std::move(settings)),
      around_(std::move(surroundings)),
      name_(settings_.front().name.empty() ? "ssh " + settings_.front().host
                                           : settings_.front().name),
      seed_(around_.random.next_u64()),
      checkpoint_path_(around_.state_directory + "/sources/" + checkpoint_name(settings_.front())) {
  // The event log may be replayed next, and would forget what nobody holds.
  const auto checkpoint = load_checkpoint(around_.files, checkpoint_path_);
  if (!checkpoint) return;
  for (const Generation& file : checkpoint->files) around_.intake.hold(file.origin, true);
}

SshSource::~SshSource() {
  stop();
}

void SshSource::start() {
  has_stopped_ = false;
  heartbeat_us_ = around_.clock.monotonic_us();
  thread_ = std::thread([this] {
    run();
    has_stopped_ = true;
  });
}

void SshSource::request_stop() {
  is_stopping_ = true;
  wake();
}

void SshSource::stop() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

Snapshot SshSource::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

void SshSource::wake() {
  const std::lock_guard lock(mailbox_mutex_);
  if (mailbox_ == nullptr || is_woken_) return;
  is_woken_ = mailbox_->try_post([] {});
}

void SshSource::run() {
  auto opened = loop::Loop::open();
  if (!opened) {
    const std::lock_guard lock(snapshot_mutex_);
    snapshot_.problem = opened.error().to_string();
    return;
  }
  loop::Loop& loop = **opened;
  loop::Mailbox mailbox(loop, kWakeUpsMax);
  {
    const std::lock_guard lock(mailbox_mutex_);
    mailbox_ = &mailbox;
  }
  {
    KeyWatch keys(settings_.front());
    HostReader::Options options;
    options.host = settings_.front().host;
    options.checkpoint_path = checkpoint_path_;
    options.poll_interval_us = settings_.front().poll_interval_us;
    options.seed = seed_;
    options.connect = [&](Link::Events events) {
      return SshProcess::start(loop, connect_command(settings_.front()), std::move(events));
    };
    options.keys = [&keys] { return keys.look(); };
    options.wake = [this] { wake(); };
    HostReader reader(std::move(options), watches_of(settings_), around_);
    loop::Timer timer(loop, [] {});
    int64_t next_snapshot_us = 0;
    while (!is_stopping_) {
      const int64_t next_us = reader.tick();
      const int64_t now_us = around_.clock.monotonic_us();
      heartbeat_us_ = now_us;
      if (now_us >= next_snapshot_us) {
        next_snapshot_us = now_us + kSnapshotIntervalUs;
        Snapshot taken = reader.snapshot();
        const std::lock_guard lock(snapshot_mutex_);
        snapshot_ = std::move(taken);
      }
      timer.start(std::max<int64_t>(0, next_us - now_us));
      loop.run_once();
      const std::lock_guard lock(mailbox_mutex_);
      is_woken_ = false;
    }
  }
  const std::lock_guard lock(mailbox_mutex_);
  mailbox_ = nullptr;
}

}  // namespace gasoline::source::ssh
