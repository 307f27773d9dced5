#include "options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cxxopts.hpp>

#include "base/quantity.h"
#include "event/event.h"

namespace gasoline::run {
namespace {

struct OptionRow {
  const char* name;  // with the short form before a comma, as cxxopts wants it
  const char* help;
  const char* argument;  // empty: a switch
};

constexpr std::array<OptionRow, 18> kRows{{
    {"name", "service name in the timeline (default: the command's name)", "NAME"},
    {"tag", "tag for every line, such as env:dev; may be repeated", "K:V"},
    {"url", "send to this daemon: http://HOST:PORT or unix:PATH", "URL"},
    {"pty", "auto (terminals where ours are), always or never (default auto)", "USE"},
    {"merge", "join stderr to stdout, so that their order is kept whatever happens", ""},
    {"lossless", "hold the command rather than lose a line when the spool stalls", ""},
    {"max-line", "cut longer lines into several events (default 1MiB)", "SIZE"},
    {"ring-size", "memory between the command and the spool (default 16MiB)", "SIZE"},
    {"spool-dir", "where the spools of runs are kept", "DIR"},
    {"spool-max", "disk space for this run's spool (default 1GiB)", "SIZE"},
    {"fsync", "interval (50 ms), always or never (default interval)", "POLICY"},
    {"flush-timeout", "wait this long at the end for the daemon (default 2s)", "TIME"},
    {"drain-timeout", "silence after which pipes that outlive the command are left (default 2s)",
     "TIME"},
    {"no-daemon", "do not start gasolined if none answers", ""},
    {"nested", "capture even inside another gasoline-run", ""},
    {"v,verbose", "say more on stderr", ""},
    {"version", "print the version", ""},
    {"h,help", "print this", ""},
}};

cxxopts::Options make_parser() {
  cxxopts::Options parser("gasoline-run");
  for (const OptionRow& row : kRows) {
    if (row.argument[0] == '\0') {
      parser.add_options()(row.name, row.help);
    } else {
      parser.add_options()(row.name, row.help, cxxopts::value<std::vector<std::string>>(),
                           row.argument);
    }
  }
  return parser;
}

/// True for an option whose value is the next word.
bool takes_next_word(std::string_view word) {
  if (!word.starts_with("--") || word.find('=') != std::string_view::npos) return false;
  return std::any_of(kRows.begin(), kRows.end(), [&](const OptionRow& row) {
    return row.argument[0] != '\0' && word.substr(2) == row.name;
  });
}

/// Index of the command's name: the first word that is neither an option nor an option's value.
int find_command(int argc, const char* const* argv, int& end_of_options) {
  int i = 1;
  for (; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--") {
      end_of_options = i;
      return i + 1;
    }
    if (word.size() < 2 || word.front() != '-') break;
    if (takes_next_word(word)) ++i;
  }
  end_of_options = std::min(i, argc);
  return end_of_options;
}

/// Options are given as lists so that a repeated one is seen; all but --tag take the last.
class Values {
 public:
  explicit Values(const cxxopts::ParseResult& parsed) : parsed_(parsed) {}
  bool has(const char* name) const { return parsed_.count(name) > 0; }
  std::string last(const char* name) const {
    return parsed_[name].as<std::vector<std::string>>().back();
  }

 private:
  const cxxopts::ParseResult& parsed_;
};

Error bad_value(std::string_view option, const Error& why) {
  return Error::of(Error::kInvalid, fmt::format("--{}: {}", option, why.while_doing), why.detail);
}

Status read_size(const Values& values, const char* name, uint64_t least, uint64_t most,
                 uint64_t& to) {
  if (!values.has(name)) return {};
  const auto size = parse_size_bytes(values.last(name));
  if (!size) return bad_value(name, size.error());
  if (*size < least || *size > most) {
    return Error::of(
        Error::kInvalid, fmt::format("--{} {}", name, values.last(name)),
        fmt::format("accepted: {} to {}", format_size_bytes(least), format_size_bytes(most)));
  }
  to = *size;
  return {};
}

Status read_duration(const Values& values, const char* name, int64_t& to) {
  if (!values.has(name)) return {};
  const auto duration = parse_duration_us(values.last(name));
  if (!duration) return bad_value(name, duration.error());
  to = *duration;
  return {};
}

Status read_sync(const Values& values, journal::SyncPolicy& to) {
  if (!values.has("fsync")) return {};
  const std::string word = values.last("fsync");
  if (word == "interval") {
    to = journal::SyncPolicy::kInterval;
  } else if (word == "always") {
    to = journal::SyncPolicy::kAlways;
  } else if (word == "never") {
    to = journal::SyncPolicy::kNever;
  } else {
    return Error::of(Error::kInvalid, "--fsync " + word, "accepted: interval, always, never");
  }
  return {};
}

Status read_terminals(const Values& values, TerminalUse& to) {
  if (!values.has("pty")) return {};
  const std::string word = values.last("pty");
  if (word == "auto") {
    to = TerminalUse::kAuto;
  } else if (word == "always") {
    to = TerminalUse::kAlways;
  } else if (word == "never") {
    to = TerminalUse::kNever;
  } else {
    return Error::of(Error::kInvalid, "--pty " + word, "accepted: auto, always, never");
  }
  return {};
}

Status read_tags(const cxxopts::ParseResult& parsed, std::vector<std::string>& to) {
  if (parsed.count("tag") == 0) return {};
  to = parsed["tag"].as<std::vector<std::string>>();
  constexpr size_t kTagsMax = event::kTagsMax - 2;  // we add service: and project:
  if (to.size() > kTagsMax) {
    return Error::of(Error::kInvalid, fmt::format("--tag was given {} times", to.size()),
                     fmt::format("accepted: at most {} tags", kTagsMax));
  }
  for (const std::string& tag : to) {
    const size_t colon = tag.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == tag.size()) {
      return Error::of(Error::kInvalid, "--tag " + tag, "accepted: KEY:VALUE, such as env:dev");
    }
  }
  return {};
}

Status read_all(const cxxopts::ParseResult& parsed, Options& options) {
  const Values values(parsed);
  constexpr uint64_t kMiB = 1 << 20;
  const Status checks[] = {
      read_tags(parsed, options.tags),
      read_sync(values, options.sync),
      read_terminals(values, options.terminals),
      read_size(values, "max-line", 1024, 2 * kMiB, options.line_size_bytes_max),
      read_size(values, "ring-size", kMiB, 1024 * kMiB, options.ring_size_bytes),
      read_size(values, "spool-max", 8 * kMiB, uint64_t{1} << 50, options.spool_size_bytes_max),
      read_duration(values, "flush-timeout", options.flush_timeout_us),
      read_duration(values, "drain-timeout", options.drain_timeout_us),
  };
  for (const Status& check : checks) {
    if (!check) return check;
  }
  if (values.has("name")) options.name = values.last("name");
  if (values.has("url")) options.url = values.last("url");
  if (values.has("spool-dir")) options.spool_directory = values.last("spool-dir");
  if (values.has("spool-dir") && options.spool_directory.find('/') != 0) {
    return Error::of(Error::kInvalid, "--spool-dir " + options.spool_directory,
                     "accepted: an absolute path");
  }
  options.merges_streams = values.has("merge");
  options.lossless = values.has("lossless");
  options.no_daemon = values.has("no-daemon");
  options.nested = values.has("nested");
  options.verbose = values.has("verbose");
  options.show_help = values.has("help");
  options.show_version = values.has("version");
  return {};
}

}  // namespace

Result<Options> parse_options(int argc, const char* const* argv) {
  Options options;
  int end_of_options = argc;
  const int command = find_command(argc, argv, end_of_options);
  for (int i = command; i < argc; ++i) options.command.emplace_back(argv[i]);
  try {
    cxxopts::Options parser = make_parser();
    const cxxopts::ParseResult parsed = parser.parse(end_of_options, argv);
    if (Status read = read_all(parsed, options); !read) return read.error();
  } catch (const cxxopts::exceptions::exception& problem) {
    return Error::of(Error::kInvalid, problem.what(), "see gasoline-run --help");
  }
  if (options.command.empty() && !options.show_help && !options.show_version) {
    return Error::of(Error::kInvalid, "no command given",
                     "usage: gasoline-run [options] [--] command [args...]");
  }
  return options;
}

std::string help_text() {
  std::string text =
      "Usage: gasoline-run [options] [--] command [args...]\n"
      "\n"
      "Runs the command as if it were run alone, and keeps every line that it writes, so that\n"
      "'gasoline timeline ID' can show what happened for one request.\n"
      "\n"
      "Options:\n";
  for (const OptionRow& row : kRows) {
    const std::string_view name = row.name;
    const size_t comma = name.find(',');
    const std::string form = comma == std::string_view::npos
                                 ? fmt::format("    --{} {}", name, row.argument)
                                 : fmt::format("-{}, --{} {}", name.substr(0, comma),
                                               name.substr(comma + 1), row.argument);
    text += fmt::format("  {:<26} {}\n", form, row.help);
  }
  text +=
      "\n"
      "Sizes take KiB, MiB, GiB; times take ms, s, m, h.\n"
      "\n"
      "Examples:\n"
      "  gasoline-run npm run dev\n"
      "  gasoline-run --name auth --tag env:dev -- python3 server.py --port 8001\n"
      "  gasoline-run ./server | grep -v healthz\n"
      "\n"
      "Environment: GASOLINE_URL, GASOLINE_AUTOSTART=0 (start no daemon), GASOLINE_DISABLE=1 (only "
      "run\n"
      "the command). The command gets GASOLINE_RUN_ID and GASOLINE_URL.\n"
      "Exit status: the command's; 125 for a bad option, 126 if the command cannot be executed, "
      "127 if it\n"
      "is not found.\n";
  return text;
}

}  // namespace gasoline::run
