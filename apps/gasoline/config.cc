#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "base/places.h"
#include "commands.h"
#include "config/config_file.h"
#include "config/print.h"
#include "config_view.h"
#include "daemon_connection.h"
#include "output.h"
#include "setup/setup.h"

namespace gasoline::cli {
namespace {

constexpr std::array<OptionRow, 1> kOptions{{
    {"config", "this file, instead of the one that the daemon would read", "FILE"},
}};

config::Reading read_file(const Arguments& arguments) {
  const Environment environment = process_environment();
  setup::ConfigChoice choice;
  choice.path = arguments.value("config").value_or("");
  return setup::read_configuration(choice, environment, find_places(environment, ::geteuid()));
}

/// Where a file would be looked for.
std::string usual_place() {
  const Environment environment = process_environment();
  const std::string path =
      config::find_config_file(environment, find_places(environment, ::geteuid())).path;
  return path.empty() ? "there is no home directory" : path + " would be read";
}

int run_check(const Arguments& arguments) {
  const config::Reading reading = read_file(arguments);
  const int exit_code = reading.errors.empty() ? kExitFound : kExitNothingFound;
  if (arguments.has("json")) return exit_after(print(check_json(reading)), exit_code);
  if (reading.configuration.file.empty()) {
    return exit_after(print("no configuration file (" + usual_place() + "): all is default\n"),
                      exit_code);
  }
  return exit_after(print(check_text(reading)), exit_code);
}

int run_print(const Arguments& arguments) {
  const config::Reading reading = read_file(arguments);
  if (!reading.errors.empty()) {
    print_note(check_text(reading));
    return kExitNothingFound;
  }
  return exit_after(print(config::print_settings(reading.configuration)), kExitFound);
}

int run_keys(const Arguments&) {
  return exit_after(print(keys_text()), kExitFound);
}

int run_reload(const Arguments& arguments) {
  auto daemon = DaemonConnection::open(arguments);
  if (!daemon) return fail(kExitUsage, daemon.error().to_string());
  const Result<http::Response> response = (*daemon)->post("/v1/config/reload");
  if (!response) return fail(kExitDaemonAway, explain_away(**daemon, response.error()));
  if (arguments.has("json")) {
    return exit_after(print(response->body + "\n"),
                      response->status == 200 ? kExitFound : kExitNothingFound);
  }
  const auto text = render_reload(response->body);
  if (!text) return explain_refusal(**daemon, *response);
  return exit_after(print(*text), response->status == 200 ? kExitFound : kExitNothingFound);
}

struct Verb {
  std::string_view name;
  int (*run)(const Arguments& arguments);
};

constexpr std::array<Verb, 4> kVerbs{{
    {"check", run_check},
    {"print", run_print},
    {"keys", run_keys},
    {"reload", run_reload},
}};

int run_config(const Arguments& arguments) {
  constexpr std::string_view kHint = " ('gasoline config --help' tells more)";
  if (arguments.positionals.empty()) {
    return fail(kExitUsage, "a verb is needed: gasoline config check|print|keys|reload" +
                                std::string(kHint));
  }
  const std::string& word = arguments.positionals[0];
  for (const Verb& verb : kVerbs) {
    if (word == verb.name) return verb.run(arguments);
  }
  return fail(kExitUsage, "config '" + word + "': accepted are check, print, keys and reload" +
                              std::string(kHint));
}

}  // namespace

const Command kConfigCommand = {
    "config",
    "config check|print|keys|reload [options]",
    "Checks and shows the configuration: ~/.config/gasoline/config.yaml, unless --config names\n"
    "another. Needs no daemon, but for reload.\n\n"
    "  check   says all that is wrong with it, with line, column, key and what is accepted\n"
    "  print   prints every setting with its value, and where that comes from\n"
    "  keys    prints every key: what it takes, its default, and what it means\n"
    "  reload  makes the running daemon read it again; a bad one changes nothing\n\n"
    "Exit status: 0 good; 1 something is wrong with it; 2 not understood; 3 no daemon answers.",
    "  gasoline config check\n"
    "  gasoline config check --config staging.yaml --json\n"
    "  gasoline config print | grep -v default\n",
    kOptions,
    1,
    run_config,
};

}  // namespace gasoline::cli
