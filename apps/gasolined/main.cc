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

}  // namespace

int main(int argc, char** argv) {
  const gasoline::Places places =
      gasoline::find_places(gasoline::process_environment(), ::geteuid());
  auto options = gasoline::daemon_app::parse_options(argc, argv, places);
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
  ::signal(SIGPIPE, SIG_IGN);
  gasoline::process::avoid_interrupting_others();
  std::optional<gasoline::daemon_app::Background> background;
  if (options->is_background) {
    auto entered = gasoline::daemon_app::Background::enter(options->log_path);
    if (!entered) {
      complain(entered.error().to_string());
      return kExitFailure;
    }
    background.emplace(std::move(*entered));
  }
  const gasoline::SystemClock clock;
  const auto least = options->is_verbose ? gasoline::Severity::kDebug : gasoline::Severity::kInfo;
  gasoline::DescriptorLog log(background ? background->log_fd() : STDERR_FILENO, least, clock);
  options->daemon.version = GASOLINE_VERSION;
  auto daemon = gasoline::daemon::Daemon::create(std::move(options->daemon), clock, log);
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
  return 0;
}
