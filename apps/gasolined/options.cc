#include "options.h"

#include <fmt/format.h>

#include <charconv>
#include <cxxopts.hpp>
#include <fstream>

#include "base/quantity.h"

namespace gasoline::daemon_app {
namespace {

using daemon::ListenAddress;

cxxopts::Options make_parser() {
  cxxopts::Options parser("gasolined",
                          "Takes events in from wrapped commands and over HTTP, keeps them in an "
                          "event log and in memory, and answers timelines.\n");
  const auto text = [] { return cxxopts::value<std::string>(); };
  const auto texts = [] { return cxxopts::value<std::vector<std::string>>(); };
  parser.add_options()                                                                         //
      ("listen", "serve HTTP here too; may be repeated (default 127.0.0.1:7890)", texts(),     //
       "ADDR:PORT")                                                                            //
      ("no-listen", "serve the Unix socket only")                                              //
      ("socket", "path of the Unix socket", text(), "PATH")                                    //
      ("state-dir", "where the event log and the lock are kept", text(), "DIR")                //
      ("spool-dir", "where the spools of dead runs are looked for", text(), "DIR")             //
      ("ack", "what an answer promises: memory, written or synced (default written)", text(),  //
       "LEVEL")                                                                                //
      ("log-max", "disk space of the event log (default 2GiB)", text(), "SIZE")                //
      ("memory-max", "memory of the events kept at hand (default 512MiB)", text(), "SIZE")     //
      ("events-max", "events kept at hand (default 2000000)", text(), "N")                     //
      ("ttl", "how long events are kept (default 24h)", text(), "TIME")                        //
      ("token-file", "file with the token that peers beyond this machine must send", text(),   //
       "FILE")                                                                                 //
      ("allow-host", "accept this Host header too; may be repeated", texts(), "HOST")          //
      ("allow-origin", "let pages of this origin post events; may be repeated", texts(),       //
       "ORIGIN")                                                                               //
      ("background", "run in the background, with a pid file and a log file")                  //
      ("log-file", "log file of the background form", text(), "FILE")                          //
      ("idle-exit", "end after this time without clients", text(), "TIME")                     //
      ("lock-timeout", "wait this long for another gasolined to end (default 0s)", text(),     //
       "TIME")                                                                                 //
      ("v,verbose", "log more")                                                                //
      ("version", "print the version")                                                         //
      ("h,help", "print this");
  return parser;
}

Error invalid(std::string_view option, std::string_view value, std::string_view accepted) {
  return Error::of(Error::kInvalid, fmt::format("--{} {}", option, value),
                   fmt::format("accepted: {}", accepted));
}

Result<ListenAddress> parse_listen(const std::string& text) {
  constexpr std::string_view kAccepted =
      "ADDRESS:PORT with a numeric address, such as "
      "127.0.0.1:7890 or [::1]:7890";
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return invalid("listen", text, kAccepted);
  ListenAddress listen;
  listen.address = text.substr(0, colon);
  if (listen.address.front() == '[' && listen.address.back() == ']') {
    listen.address = listen.address.substr(1, listen.address.size() - 2);
  }
  const char* end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data() + colon + 1, end, listen.port);
  if (code != std::errc() || at != end) return invalid("listen", text, kAccepted);
  return listen;
}

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (file >> token && token.size() >= 16) return token;
  return invalid("token-file", path, "a readable file with a token of 16 characters or more");
}

Status read_sizes(const cxxopts::ParseResult& parsed, daemon::Daemon::Options& options) {
  constexpr uint64_t kSizeMin = 16ull << 20;
  for (const char* name : {"log-max", "memory-max"}) {
    if (parsed.count(name) == 0) continue;
    const auto size = parse_size_bytes(parsed[name].as<std::string>());
    if (!size) return size.error();
    if (*size < kSizeMin) {
      return invalid(name, parsed[name].as<std::string>(), "16MiB and more");
    }
    (name == std::string_view("log-max") ? options.log_size_bytes_max : options.store_bytes_max) =
        *size;
  }
  if (parsed.count("events-max") > 0) {
    const std::string text = parsed["events-max"].as<std::string>();
    uint64_t& to = options.store_events_max;
    const auto [at, code] = std::from_chars(text.data(), text.data() + text.size(), to);
    if (code != std::errc() || at != text.data() + text.size() || to < 1000) {
      return invalid("events-max", text, "a number from 1000");
    }
  }
  return {};
}

Status read_times(const cxxopts::ParseResult& parsed, daemon::Daemon::Options& options) {
  const std::pair<const char*, int64_t*> times[] = {{"ttl", &options.ttl_us},
                                                    {"idle-exit", &options.idle_exit_us},
                                                    {"lock-timeout", &options.lock_timeout_us}};
  for (const auto& [name, to] : times) {
    if (parsed.count(name) == 0) continue;
    const auto duration = parse_duration_us(parsed[name].as<std::string>());
    if (!duration) return duration.error();
    *to = *duration;
  }
  return {};
}

Status read_ack(const cxxopts::ParseResult& parsed, daemon::AckLevel& to) {
  if (parsed.count("ack") == 0) return {};
  const std::string word = parsed["ack"].as<std::string>();
  for (const auto level :
       {daemon::AckLevel::kMemory, daemon::AckLevel::kWritten, daemon::AckLevel::kSynced}) {
    if (to_string(level) != word) continue;
    to = level;
    return {};
  }
  return invalid("ack", word, "memory, written or synced");
}

Status read_network(const cxxopts::ParseResult& parsed, daemon::Daemon::Options& options) {
  if (parsed.count("listen") > 0) {
    options.listen.clear();
    for (const std::string& text : parsed["listen"].as<std::vector<std::string>>()) {
      auto listen = parse_listen(text);
      if (!listen) return listen.error();
      options.listen.push_back(*listen);
    }
  }
  if (parsed.count("no-listen") > 0) options.listen.clear();
  if (parsed.count("allow-host") > 0) {
    options.allowed_hosts = parsed["allow-host"].as<std::vector<std::string>>();
  }
  if (parsed.count("allow-origin") > 0) {
    options.allowed_origins = parsed["allow-origin"].as<std::vector<std::string>>();
  }
  if (parsed.count("token-file") > 0) {
    auto token = read_token(parsed["token-file"].as<std::string>());
    if (!token) return token.error();
    options.token = *token;
  }
  return {};
}

Status read_places(const cxxopts::ParseResult& parsed, const Places& places, Options& options) {
  const auto path = [&](const char* name, const std::string& otherwise) {
    return parsed.count(name) > 0 ? parsed[name].as<std::string>() : otherwise;
  };
  daemon::Daemon::Options& to = options.daemon;
  to.state_directory = path("state-dir", places.state_directory);
  to.spool_directory = path("spool-dir", to.state_directory + "/spool");
  to.ring_directory = places.ring_directory(to.spool_directory);
  to.socket_path = path("socket", places.socket_path());
  to.cache_directory = places.cache_directory;
  options.log_path = path("log-file", to.state_directory + "/gasolined.log");
  for (const std::string* given :
       {&to.state_directory, &to.spool_directory, &to.socket_path, &options.log_path}) {
    if (given->empty() || given->front() != '/') {
      return Error::of(Error::kInvalid, "path '" + *given + "'", "accepted: an absolute path");
    }
  }
  return {};
}

Status read_all(const cxxopts::ParseResult& parsed, const Places& places, Options& options) {
  if (!parsed.unmatched().empty()) {
    return Error::of(Error::kInvalid, "argument '" + parsed.unmatched().front() + "'",
                     "gasolined takes options only; see gasolined --help");
  }
  const Status checks[] = {read_places(parsed, places, options),
                           read_network(parsed, options.daemon), read_sizes(parsed, options.daemon),
                           read_times(parsed, options.daemon),
                           read_ack(parsed, options.daemon.ack)};
  for (const Status& check : checks) {
    if (!check) return check;
  }
  options.is_background = parsed.count("background") > 0;
  options.is_verbose = parsed.count("verbose") > 0;
  options.show_help = parsed.count("help") > 0;
  options.show_version = parsed.count("version") > 0;
  return {};
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv, const Places& places) {
  Options options;
  try {
    cxxopts::Options parser = make_parser();
    const cxxopts::ParseResult parsed = parser.parse(argc, argv);
    if (Status read = read_all(parsed, places, options); !read) return read.error();
  } catch (const cxxopts::exceptions::exception& problem) {
    return Error::of(Error::kInvalid, problem.what(), "see gasolined --help");
  }
  return options;
}

std::string help_text() {
  return make_parser().help() +
         "\nExamples:\n"
         "  gasolined                                  in the foreground, log on stderr\n"
         "  gasolined --background                     in the background\n"
         "  gasolined --listen 127.0.0.1:9000 --ack synced\n";
}

}  // namespace gasoline::daemon_app
