#include "config/setting_table.h"

#include <algorithm>
#include <array>

namespace gasoline::config {
namespace {

using Kind = SettingKind;

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kMsUs = 1000;
constexpr int64_t kSecondUs = 1'000'000;
constexpr int64_t kHourUs = 3600 * kSecondUs;
constexpr int64_t kDayUs = 24 * kHourUs;
constexpr int64_t kTiB = 1LL << 40;

// Each group in the order in which people read it; keys of a group stand together.
constexpr SettingRow kRows[] = {
    {.key = "server.listen",
     .kind = Kind::kTexts,
     .slot = slot<&Settings::listen>(),
     .change = Change::kRestart,
     .description = "Serve HTTP on these ADDRESS:PORT, with numeric addresses; [] serves the "
                    "Unix socket only. An address beyond this machine needs security.token_file."},
    {.key = "server.socket",
     .kind = Kind::kPath,
     .slot = slot<&Settings::socket_path>(),
     .change = Change::kRestart,
     .description = "Path of the Unix socket, through which wrapped commands come.",
     .fallback = "$XDG_RUNTIME_DIR/gasoline/gasolined.sock"},
    {.key = "server.idle_exit",
     .kind = Kind::kDuration,
     .slot = slot<&Settings::idle_exit_us>(),
     .change = Change::kAtOnce,
     .description = "End after this time without clients; 0s: never. With sources, never.",
     .most = 365 * kDayUs},
    {.key = "server.log_file",
     .kind = Kind::kPath,
     .slot = slot<&Settings::log_file>(),
     .change = Change::kRestart,
     .description = "Log file of a daemon in the background.",
     .fallback = "STATE/gasolined.log"},
    {.key = "server.log_level",
     .kind = Kind::kWord,
     .slot = slot<&Settings::log_level>(),
     .change = Change::kRestart,
     .description = "How much the daemon says in its own log.",
     .words = "info|debug"},
    {.key = "state.directory",
     .kind = Kind::kPath,
     .slot = slot<&Settings::state_directory>(),
     .change = Change::kRestart,
     .description = "Where the event log, checkpoints and the lock are; called STATE here. Must be "
                    "on a local disk.",
     .fallback = "$XDG_STATE_HOME/gasoline"},
    {.key = "state.spool_directory",
     .kind = Kind::kPath,
     .slot = slot<&Settings::spool_directory>(),
     .change = Change::kRestart,
     .description = "Where the spools of dead runs are looked for; the wrapper's --spool-dir.",
     .fallback = "STATE/spool"},
    {.key = "events.ack",
     .kind = Kind::kWord,
     .slot = slot<&Settings::ack>(),
     .change = Change::kRestart,
     .description = "What an acknowledgement promises: memory (taken), written (in the event log: "
                    "survives a killed daemon), synced (survives a power cut).",
     .words = "memory|written|synced"},
    {.key = "events.log_max",
     .kind = Kind::kSize,
     .slot = slot<&Settings::log_size_bytes_max>(),
     .change = Change::kAtOnce,
     .description = "Disk space of the event log; the oldest events go first.",
     .least = 16 * kMiB,
     .most = 64 * kTiB},
    {.key = "events.ttl",
     .kind = Kind::kDuration,
     .slot = slot<&Settings::ttl_us>(),
     .change = Change::kAtOnce,
     .description = "How long events are kept, on disk and in memory.",
     .least = kSecondUs,
     .most = 3650 * kDayUs},
    {.key = "memory.max",
     .kind = Kind::kSize,
     .slot = slot<&Settings::memory_bytes_max>(),
     .change = Change::kRestart,
     .description = "Memory of the daemon. Its parts have shares of it, as below.",
     .least = 96 * kMiB,
     .most = 64 * kTiB},
    {.key = "store.max_bytes",
     .kind = Kind::kSize,
     .slot = slot<&Settings::store_bytes_max>(),
     .change = Change::kAtOnce,
     .description = "Memory of the events kept at hand, with their indexes.",
     .least = 16 * kMiB,
     .most = 64 * kTiB,
     .fallback = "its share of memory.max"},
    {.key = "store.max_events",
     .kind = Kind::kCount,
     .slot = slot<&Settings::store_events_max>(),
     .change = Change::kAtOnce,
     .description = "Events kept at hand.",
     .least = 1000,
     .most = 4'000'000'000},
    {.key = "security.allowed_hosts",
     .kind = Kind::kTexts,
     .slot = slot<&Settings::allowed_hosts>(),
     .change = Change::kAtOnce,
     .description = "Host headers that are accepted beside localhost, *.localhost and loopback "
                    "addresses: HOST, or HOST:PORT for that port only."},
    {.key = "security.allowed_origins",
     .kind = Kind::kTexts,
     .slot = slot<&Settings::allowed_origins>(),
     .change = Change::kAtOnce,
     .description = "Pages of these origins may post events, beside those of loopback addresses "
                    "and browser extensions: SCHEME://HOST[:PORT]."},
    {.key = "security.token_file",
     .kind = Kind::kPath,
     .slot = slot<&Settings::token_file>(),
     .change = Change::kAtOnce,
     .description = "File with the token, of 16 characters or more, that other users and peers "
                    "beyond this machine must send.",
     .fallback = "STATE/token, made by the daemon"},
    {.key = "understand.timezone",
     .kind = Kind::kText,
     .slot = slot<&Settings::timezone>(),
     .change = Change::kAtOnce,
     .description = "Zone of printed times that name none: UTC, +02:00, or a name such as "
                    "Europe/Berlin. A source's own timezone wins.",
     .fallback = "this machine's"},
    {.key = "understand.patterns[].name",
     .kind = Kind::kText,
     .slot = slot<&PatternSettings::name>(),
     .change = Change::kAtOnce,
     .description = "Named by gasoline explain.",
     .is_required = true},
    {.key = "understand.patterns[].regex",
     .kind = Kind::kText,
     .slot = slot<&PatternSettings::regex>(),
     .change = Change::kAtOnce,
     .description = "Searched for in lines that are no JSON, before the built-in forms; ^ and $ bind "
                    "it to their ends. Its named groups become fields, as below.",
     .is_required = true},
    {.key = "redaction.enabled",
     .kind = Kind::kFlag,
     .slot = slot<&Settings::redaction_enabled>(),
     .change = Change::kAtOnce,
     .description = "Whether secrets are masked at all."},
    {.key = "redaction.disable",
     .kind = Kind::kTexts,
     .slot = slot<&Settings::redaction_disabled>(),
     .change = Change::kAtOnce,
     .description = "Built-in kinds of secrets that are not masked, as their masks name them: "
                    "aws-access-key."},
    {.key = "redaction.rules[].name",
     .kind = Kind::kText,
     .slot = slot<&RedactionRule::name>(),
     .change = Change::kAtOnce,
     .description = "Stands in the mask: [redacted:NAME#3f2a]. Letters, digits and -.",
     .is_required = true},
    {.key = "redaction.rules[].regex",
     .kind = Kind::kText,
     .slot = slot<&RedactionRule::regex>(),
     .change = Change::kAtOnce,
     .description = "What it matches is masked; if it has a group named secret, only that.",
     .is_required = true},
    {.key = "backend.logs[].type",
     .kind = Kind::kWord,
     .slot = slot<&SourceSettings::type>(),
     .change = Change::kAtOnce,
     .description = "Where the lines come from.",
     .words = "file|ssh|container",
     .is_required = true},
    {.key = "backend.logs[].name",
     .kind = Kind::kText,
     .slot = slot<&SourceSettings::name>(),
     .change = Change::kAtOnce,
     .description = "Names the source in status; no two have the same.",
     .fallback = "made from its type and path"},
    {.key = "backend.logs[].enabled",
     .kind = Kind::kFlag,
     .slot = slot<&SourceSettings::enabled>(),
     .change = Change::kAtOnce,
     .description = "false: left alone, and its place is kept."},
    {.key = "backend.logs[].tags",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::tags>(),
     .change = Change::kAtOnce,
     .description = "Tags of its events: env:staging."},
    {.key = "backend.logs[].service",
     .kind = Kind::kText,
     .slot = slot<&SourceSettings::service>(),
     .change = Change::kAtOnce,
     .description = "Service of its events, unless a line says.",
     .fallback = "made from the file's or container's name"},
    {.key = "backend.logs[].timezone",
     .kind = Kind::kText,
     .slot = slot<&SourceSettings::timezone>(),
     .change = Change::kAtOnce,
     .description = "Zone of its printed times that name none.",
     .fallback = "understand.timezone"},
    {.key = "backend.logs[].path",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::paths>(),
     .change = Change::kAtOnce,
     .description = "Files, or patterns with * ? [] and ** of files.",
     .types = "file ssh"},
    {.key = "backend.logs[].exclude",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::exclude>(),
     .change = Change::kAtOnce,
     .description = "Files that are left out: patterns of paths, or of names in any directory.",
     .types = "file ssh"},
    {.key = "backend.logs[].start",
     .kind = Kind::kWord,
     .slot = slot<&SourceSettings::start>(),
     .change = Change::kAtOnce,
     .description = "Where a file is read from that is seen for the first time.",
     .words = "end|beginning|recent",
     .types = "file ssh"},
    {.key = "backend.logs[].recent",
     .kind = Kind::kDuration,
     .slot = slot<&SourceSettings::recent_us>(),
     .change = Change::kAtOnce,
     .description = "How far back start: recent goes.",
     .least = kSecondUs,
     .most = 3650 * kDayUs,
     .types = "file ssh"},
    {.key = "backend.logs[].max_age",
     .kind = Kind::kDuration,
     .slot = slot<&SourceSettings::max_age_us>(),
     .change = Change::kAtOnce,
     .description = "Files that were not written for longer are left alone; 0s: no limit.",
     .most = 3650 * kDayUs,
     .types = "file ssh"},
    {.key = "backend.logs[].poll_interval_ms",
     .kind = Kind::kMilliseconds,
     .slot = slot<&SourceSettings::poll_interval_us>(),
     .change = Change::kAtOnce,
     .description = "How often files of other hosts are looked at, and those here without inotify.",
     .least = 10 * kMsUs,
     .most = 60'000 * kMsUs,
     .types = "file ssh"},
    {.key = "backend.logs[].inotify",
     .kind = Kind::kFlag,
     .slot = slot<&SourceSettings::use_inotify>(),
     .change = Change::kAtOnce,
     .description = "false: all files are polled, also where inotify seems to work.",
     .types = "file"},
    {.key = "backend.logs[].host",
     .kind = Kind::kText,
     .slot = slot<&SourceSettings::host>(),
     .change = Change::kAtOnce,
     .description = "As ssh takes it: an alias of ~/.ssh/config, a host, or USER@HOST.",
     .types = "ssh"},
    {.key = "backend.logs[].ssh_command",
     .kind = Kind::kText,
     .slot = slot<&SourceSettings::ssh_command>(),
     .change = Change::kAtOnce,
     .description = "The ssh client: a name in PATH, or a path.",
     .types = "ssh"},
    {.key = "backend.logs[].ssh_options",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::ssh_options>(),
     .change = Change::kAtOnce,
     .description = "Further arguments of the ssh client, one each: [-p, '2222'].",
     .types = "ssh"},
    {.key = "backend.logs[].socket",
     .kind = Kind::kPath,
     .slot = slot<&SourceSettings::socket>(),
     .change = Change::kAtOnce,
     .description = "Unix socket of the container engine.",
     .fallback = "Docker's, else Podman's",
     .types = "container"},
    {.key = "backend.logs[].labels",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::labels>(),
     .change = Change::kAtOnce,
     .description = "Only containers with all of these labels: KEY or KEY=VALUE.",
     .types = "container"},
    {.key = "backend.logs[].names",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::names>(),
     .change = Change::kAtOnce,
     .description = "Only containers with a name that one of these patterns fits.",
     .types = "container"},
    {.key = "backend.logs[].images",
     .kind = Kind::kTexts,
     .slot = slot<&SourceSettings::images>(),
     .change = Change::kAtOnce,
     .description = "Only containers of an image that one of these patterns fits.",
     .types = "container"},
    {.key = "backend.logs[].mode",
     .kind = Kind::kWord,
     .slot = slot<&SourceSettings::read_files>(),
     .change = Change::kAtOnce,
     .description = "api: asked of the engine. files: its json-file logs are followed as files.",
     .words = "api|files",
     .types = "container"},
    {.key = "backend.logs[].data_root",
     .kind = Kind::kPath,
     .slot = slot<&SourceSettings::data_root>(),
     .change = Change::kAtOnce,
     .description = "The engine's directory that holds `containers`, for mode: files.",
     .types = "container"},
};

template <auto kMember>
constexpr SettingList list(std::string_view key, std::string_view description) {
  return {key, Change::kAtOnce, description,
          [](Settings& settings) -> void* { return &(settings.*kMember).emplace_back(); },
          [](const Settings& settings, size_t index) -> const void* {
            const auto& all = settings.*kMember;
            return index < all.size() ? &all[index] : nullptr;
          }};
}

constexpr std::array kLists{
    list<&Settings::patterns>("understand.patterns", "Forms of lines of your own."),
    list<&Settings::redaction_rules>("redaction.rules", "What is masked beside known secrets."),
    list<&Settings::sources>("backend.logs", "Where lines are fetched from."),
};

SettingValue default_value(const SettingRow& row) {
  if (row.key.starts_with("backend.logs[]")) {
    const SourceSettings source;
    return row.slot.read(&source);
  }
  if (row.key.starts_with("understand.patterns[]")) {
    const PatternSettings pattern;
    return row.slot.read(&pattern);
  }
  if (row.key.starts_with("redaction.rules[]")) {
    const RedactionRule rule;
    return row.slot.read(&rule);
  }
  const Settings settings;
  return row.slot.read(&settings);
}

}  // namespace

std::span<const SettingRow> setting_table() {
  return kRows;
}

const SettingRow* find_setting(std::string_view key) {
  const auto* at = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const SettingRow& row) { return row.key == key; });
  return at == std::end(kRows) ? nullptr : at;
}

std::span<const SettingList> setting_lists() {
  return kLists;
}

const SettingList* find_setting_list(std::string_view key) {
  const auto* at = std::find_if(kLists.begin(), kLists.end(),
                                [&](const SettingList& each) { return each.key == key; });
  return at == kLists.end() ? nullptr : at;
}

std::string default_text(const SettingRow& row) {
  if (!row.fallback.empty()) return std::string(row.fallback);
  return row.is_required ? "" : format_value(row, default_value(row));
}

std::string_view word_at(const SettingRow& row, size_t number) {
  std::string_view rest = row.words;
  for (; number > 0 && !rest.empty(); --number) {
    rest.remove_prefix(std::min(rest.find('|'), rest.size() - 1) + 1);
  }
  return rest.substr(0, rest.find('|'));
}

}  // namespace gasoline::config
