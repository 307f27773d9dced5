#include "options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cxxopts.hpp>

#include "base/quantity.h"
#include "config/setting_table.h"

namespace gasoline::daemon_app {
namespace {

/// An option that sets a key of the configuration, with the values that the key takes.
struct SettingOption {
  const char* name;
  const char* key;
  const char* argument;
  const char* help;
};

constexpr std::array<SettingOption, 14> kSettingOptions{{
    {"listen", "server.listen", "ADDR:PORT",
     "serve HTTP here too; may be repeated (default 127.0.0.1:7890)"},
    {"socket", "server.socket", "PATH", "path of the Unix socket"},
    {"state-dir", "state.directory", "DIR", "where the event log and the lock are kept"},
    {"spool-dir", "state.spool_directory", "DIR", "where the spools of dead runs are looked for"},
    {"ack", "events.ack", "LEVEL",
     "what an answer promises: memory, written or synced (default written)"},
    {"log-max", "events.log_max", "SIZE", "disk space of the event log (default 2GiB)"},
    {"memory-max", "memory.max", "SIZE", "memory of the daemon (default 768MiB)"},
    {"events-max", "store.max_events", "N", "events kept at hand (default 2000000)"},
    {"ttl", "events.ttl", "TIME", "how long events are kept (default 24h)"},
    {"token-file", "security.token_file", "FILE",
     "file with the token that peers beyond this machine must send"},
    {"allow-host", "security.allowed_hosts", "HOST",
     "accept this Host header too; may be repeated"},
    {"allow-origin", "security.allowed_origins", "ORIGIN",
     "let pages of this origin post events; may be repeated"},
    {"log-file", "server.log_file", "FILE", "log file of the background form"},
    {"idle-exit", "server.idle_exit", "TIME", "end after this time without clients"},
}};

cxxopts::Options make_parser() {
  cxxopts::Options parser("gasolined",
                          "Takes events in from wrapped commands and over HTTP, keeps them in an "
                          "event log and in memory, and answers timelines.\n");
  const auto text = [] { return cxxopts::value<std::string>(); };
  parser.add_options()                                                                       //
      ("config", "read this configuration file (default ~/.config/gasoline/config.yaml)",    //
       text(), "FILE")                                                                       //
      ("no-config", "read no configuration file");
  for (const SettingOption& each : kSettingOptions) {
    parser.add_options()(each.name, each.help, cxxopts::value<std::vector<std::string>>(),
                         each.argument);
  }
  parser.add_options()                                                               //
      ("no-listen", "serve the Unix socket only")                                    //
      ("background", "run in the background, with a pid file and a log file")        //
      ("lock-timeout", "wait this long for another gasolined to end (default 0s)",   //
       text(), "TIME")                                                               //
      ("v,verbose", "log more")                                                      //
      ("version", "print the version")                                               //
      ("h,help", "print this");
  return parser;
}

std::string absolute_path(const std::string& path) {
  std::array<char, 4096> here{};
  if (path.starts_with('/') || ::getcwd(here.data(), here.size()) == nullptr) return path;
  return std::string(here.data()) + "/" + path;
}

/// One value for most keys, the last; all of them for lists.
Result<config::SettingValue> read_value(const config::SettingRow& row, const SettingOption& option,
                                        const std::vector<std::string>& texts) {
  config::SettingValue value;
  std::vector<std::string> all;
  for (const std::string& text : texts) {
    if (!config::parse_value(row, text, value)) {
      return Error::of(Error::kInvalid, fmt::format("--{} {}", option.name, text),
                       "accepted: " + config::accepted(row));
    }
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
      all.insert(all.end(), list->begin(), list->end());
    }
  }
  if (row.kind == config::SettingKind::kTexts) value = std::move(all);
  return value;
}

Status read_settings(const cxxopts::ParseResult& parsed, Options& options) {
  for (const SettingOption& each : kSettingOptions) {
    if (parsed.count(each.name) == 0) continue;
    auto value = read_value(*config::find_setting(each.key), each,
                            parsed[each.name].as<std::vector<std::string>>());
    if (!value) return value.error();
    options.config.overrides.push_back({each.key, std::string("--") + each.name, std::move(*value)});
  }
  if (parsed.count("no-listen") > 0) {
    options.config.overrides.push_back({"server.listen", "--no-listen", std::vector<std::string>()});
  }
  if (parsed.count("verbose") > 0) {
    options.config.overrides.push_back(
        {"server.log_level", "--verbose", static_cast<int64_t>(config::LogLevel::kDebug)});
  }
  return {};
}

Status read_all(const cxxopts::ParseResult& parsed, Options& options) {
  if (!parsed.unmatched().empty()) {
    return Error::of(Error::kInvalid, "argument '" + parsed.unmatched().front() + "'",
                     "gasolined takes options only; see gasolined --help");
  }
  if (Status read = read_settings(parsed, options); !read) return read;
  if (parsed.count("lock-timeout") > 0) {
    const auto duration = parse_duration_us(parsed["lock-timeout"].as<std::string>());
    if (!duration) return duration.error();
    options.lock_timeout_us = *duration;
  }
  if (parsed.count("config") > 0) {
    // In the background our directory is /, and the file is read again from there.
    options.config.path = absolute_path(parsed["config"].as<std::string>());
  }
  options.config.reads_any = parsed.count("no-config") == 0;
  if (!options.config.reads_any && !options.config.path.empty()) {
    return Error::of(Error::kInvalid, "--config with --no-config", "accepted: one of them");
  }
  options.is_background = parsed.count("background") > 0;
  options.show_help = parsed.count("help") > 0;
  options.show_version = parsed.count("version") > 0;
  return {};
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  Options options;
  try {
    cxxopts::Options parser = make_parser();
    const cxxopts::ParseResult parsed = parser.parse(argc, argv);
    if (Status read = read_all(parsed, options); !read) return read.error();
  } catch (const cxxopts::exceptions::exception& problem) {
    return Error::of(Error::kInvalid, problem.what(), "see gasolined --help");
  }
  return options;
}

void resolve_places(const Places& places, daemon::Daemon::Options& options) {
  const config::Settings& settings = options.configuration.settings;
  const auto either = [](const std::string& given, const std::string& otherwise) {
    return given.empty() ? otherwise : given;
  };
  options.state_directory = either(settings.state_directory, places.state_directory);
  options.spool_directory = either(settings.spool_directory, options.state_directory + "/spool");
  options.ring_directory = places.ring_directory(options.spool_directory);
  options.socket_path = either(settings.socket_path, places.socket_path());
  options.cache_directory = places.cache_directory;
}

std::string log_path(const daemon::Daemon::Options& options) {
  const std::string& given = options.configuration.settings.log_file;
  return given.empty() ? options.state_directory + "/gasolined.log" : given;
}

std::string help_text() {
  return make_parser().help() +
         "\nThe configuration file is described in docs/CONFIGURATION.md; 'gasoline config check'\n"
         "finds what is wrong with one. SIGHUP, or 'gasoline config reload', reads it again.\n"
         "\nExamples:\n"
         "  gasolined                                  in the foreground, log on stderr\n"
         "  gasolined --background                     in the background\n"
         "  gasolined --listen 127.0.0.1:9000 --ack synced\n"
         "  gasolined --config shop.yaml\n";
}

}  // namespace gasoline::daemon_app
