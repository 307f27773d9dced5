#include "source/ssh/ssh_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/crc32c.h"
#include "source/loop_source.h"
#include "source/ssh/host_reader.h"
#include "source/ssh/key_watch.h"
#include "source/ssh/ssh_checkpoint.h"
#include "source/ssh/ssh_command.h"
#include "source/ssh/ssh_process.h"

namespace gasoline::source::ssh {
namespace {

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

/// The reader of a host, and what its refusals depend on.
class HostTask final : public LoopSource::Task {
 public:
  HostTask(const std::vector<config::SourceSettings>& settings, const Surroundings& around,
           HostReader::Options options)
      : keys_(settings.front()),
        reader_(with_keys(std::move(options)), watches_of(settings), around) {}

  int64_t tick() override { return reader_.tick(); }
  Snapshot snapshot() const override { return reader_.snapshot(); }

 private:
  HostReader::Options with_keys(HostReader::Options options) {
    options.keys = [this] { return keys_.look(); };
    return options;
  }

  KeyWatch keys_;
  HostReader reader_;
};

}  // namespace

bool is_same_host(const config::SourceSettings& a, const config::SourceSettings& b) {
  return a.host == b.host && a.ssh_command == b.ssh_command && a.ssh_options == b.ssh_options;
}

Result<std::unique_ptr<Source>> make_ssh_source(std::vector<config::SourceSettings> settings,
                                                const Surroundings& surroundings) {
  GASOLINE_ASSERT(!settings.empty());
  const config::SourceSettings& first = settings.front();
  HostReader::Options options;
  options.poll_interval_us = first.poll_interval_us;
  for (const config::SourceSettings& one : settings) {
    GASOLINE_ASSERT(is_same_host(one, first));
    if (Status checked = check_settings(one); !checked) return checked.error();
    options.poll_interval_us = std::min(options.poll_interval_us, one.poll_interval_us);
  }
  std::string name = first.name.empty() ? "ssh " + first.host : first.name;
  options.host = first.host;
  options.checkpoint_path = surroundings.state_directory + "/sources/" + checkpoint_name(first);
  options.seed = surroundings.random.next_u64();
  // The event log may be replayed next, and would forget what nobody holds.
  if (const auto kept = load_checkpoint(surroundings.files, options.checkpoint_path); kept) {
    for (const Generation& file : kept->files) surroundings.intake.hold(file.origin, true);
  }
  return std::unique_ptr<Source>(std::make_unique<LoopSource>(
      std::move(name), "ssh", surroundings.clock,
      [settings = std::move(settings), surroundings, options = std::move(options)](
          loop::Loop& loop, std::function<void()> wake) {
        HostReader::Options of_loop = options;
        of_loop.wake = std::move(wake);
        of_loop.connect = [&loop, command = connect_command(settings.front())](
                              Link::Events events) {
          return SshProcess::start(loop, command, std::move(events));
        };
        return std::make_unique<HostTask>(settings, surroundings, std::move(of_loop));
      }));
}

}  // namespace gasoline::source::ssh
