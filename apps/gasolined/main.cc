#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <optional>

#include "background.h"
#include "daemon/daemon.h"
#include "options.h"
#include "process/scheduling.h"

namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

void complain(const std::string& text) {
  std::fprintf(stderr, "gasolined: %s\n", text.c_str());
}

/// The configuration, or nothing once all that is wrong with it has been said.
std::optional<gasoline::daemon::Daemon::Options> configure(
    const gasoline::daemon_app::Options& options) {
  gasoline::daemon::Daemon::Options daemon;
  const gasoline::Environment environment = gasoline::process_environment();
  const gasoline::Places places = gasoline::find_places(environment, ::geteuid());
  daemon.read_configuration = [choice = options.config, environment, places] {
    return gasoline::setup::read_configuration(choice, environment, places);
  };
  gasoline::config::Reading reading = daemon.read_configuration();
  for (const gasoline::config::Complaint& error : reading.errors) complain(error.to_string());
  if (!reading.errors.empty()) return std::nullopt;
  daemon.configuration = std::move(reading.configuration);
  gasoline::daemon_app::resolve_places(places, daemon);
  daemon.lock_timeout_us = options.lock_timeout_us;
  daemon.version = GASOLINE_VERSION;
  return daemon;
}

}  // namespace

int main(int argc, char** argv) {
  auto options = gasoline::daemon_app::parse_options(argc, argv);
  if (!options) {
    complain(options.error().to_string());
    return kExitUsage;
  }
  if (options->show_help) {
    std::fputs(gasoline::daemon_app::help_text().c_str(), stdout);
    return 0;
  }
  if (options->show_version) {
    std::puts("gasolined " GASOLINE_VERSION);
    return 0;
  }
  auto configured = configure(*options);
  if (!configured) return kExitUsage;
  ::signal(SIGPIPE, SIG_IGN);
  gasoline::process::avoid_interrupting_others();
  std::optional<gasoline::daemon_app::Background> background;
  if (options->is_background) {
    auto entered =
        gasoline::daemon_app::Background::enter(gasoline::daemon_app::log_path(*configured));
    if (!entered) {
      complain(entered.error().to_string());
      return kExitFailure;
    }
    background.emplace(std::move(*entered));
  }
  const gasoline::SystemClock clock;
  const bool is_verbose =
      configured->configuration.settings.log_level == gasoline::config::LogLevel::kDebug;
  const auto least = is_verbose ? gasoline::Severity::kDebug : gasoline::Severity::kInfo;
  gasoline::DescriptorLog log(background ? background->log_fd() : STDERR_FILENO, least, clock);
  auto daemon = gasoline::daemon::Daemon::create(std::move(*configured), clock, log);
  if (!daemon) {
    complain(daemon.error().to_string());
    if (background) background->report(kExitFailure);
    return kExitFailure;
  }
  if (background) {
    const std::string pid_path = daemon.value()->state_directory() + "/gasolined.pid";
    if (auto written = gasoline::daemon_app::write_pid_file(pid_path); !written) {
      log.warn(written.error().to_string());
    }
    background->report(0);
  }
  daemon.value()->run();
  if (daemon.value()->must_exit_at_once()) ::_exit(0);
  return 0;
}
