#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace gasoline::config {

/// Where a file that is seen for the first time is read from.
enum class Start { kEnd, kBeginning, kRecent };

/// Settings that every source has, and those of its type.
struct SourceSettings {
  enum class Type { kFile, kSsh, kContainer };
  Type type = Type::kFile;
  std::string name;  ///< its key in status and in tasks; made from type and path where not given
  bool enabled = true;
  std::vector<std::string> tags;
  std::string service;  ///< empty: made from the file's, host's or container's name
  std::string
      timezone;  ///< of printed times without a zone; empty: the machine's (file, container)

  // file; ssh has all of them but use_inotify too
  std::vector<std::string> paths;  ///< globs
  std::vector<std::string> exclude;
  Start start = Start::kEnd;
  int64_t recent_us = 3'600'000'000;  ///< what kRecent reads of the past
  int64_t max_age_us = 0;             ///< files not written for longer are left alone; 0: no limit
  int64_t poll_interval_us = 100'000;
  bool use_inotify = true;  ///< false: everything is polled

  // ssh
  std::string host;  ///< as given to ssh: alias, host or user@host
  std::string ssh_command = "ssh";
  std::vector<std::string> ssh_options;

  // container
  std::string socket;               ///< empty: Docker's, then Podman's usual places
  std::vector<std::string> labels;  ///< "key" or "key=value"; all must match
  std::vector<std::string> names;   ///< globs; one must match
  std::vector<std::string> images;  ///< globs; one must match
  std::string data_root = "/var/lib/docker";  ///< of the engine, where its json-file logs lie
  bool read_files = false;  ///< `mode: files`: the engine's json-file logs instead of its API

  bool operator==(const SourceSettings&) const = default;
};

/// A form of lines of the user's own: what its named groups hold becomes fields of the event.
struct PatternSettings {
  std::string name;
  std::string regex;

  bool operator==(const PatternSettings&) const = default;
};

/// Something that is masked beside the built-in secrets: all that `regex` matches, or what its
/// group `secret` holds, becomes "[redacted:name#3f2a]".
struct RedactionRule {
  std::string name;
  std::string regex;

  bool operator==(const RedactionRule&) const = default;
};

/// What an acknowledgement promises, in the order of docs/API.md.
enum class Ack { kMemory, kWritten, kSynced };

enum class LogLevel { kInfo, kDebug };

/// Everything that a configuration file says. What it leaves out has the value here, which is the
/// documented default; an empty path or zone means the usual place of this machine. The keys, units
/// and bounds are in setting_table.cc.
struct Settings {
  std::vector<std::string> listen{"127.0.0.1:7890"};  ///< ADDRESS:PORT each
  std::string socket_path;
  int64_t idle_exit_us = 0;  ///< 0: never
  std::string log_file;      ///< of the background form
  LogLevel log_level = LogLevel::kInfo;

  std::string state_directory;
  std::string spool_directory;

  Ack ack = Ack::kWritten;
  int64_t log_size_bytes_max = 2LL << 30;  ///< of the event log on disk
  int64_t ttl_us = 24 * 3'600'000'000LL;

  int64_t memory_bytes_max = 768LL << 20;  ///< of the whole daemon; memory_shares.h divides it
  int64_t store_bytes_max = 0;             ///< 0: its share of memory_bytes_max
  int64_t store_events_max = 2'000'000;

  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  std::string token_file;

  std::string timezone;  ///< of printed times that name none, unless their source says
  std::vector<PatternSettings> patterns;

  bool redaction_enabled = true;
  std::vector<std::string> redaction_disabled;  ///< built-in kinds, "aws-access-key"
  std::vector<RedactionRule> redaction_rules;

  std::vector<SourceSettings> sources;

  bool operator==(const Settings&) const = default;
};

}  // namespace gasoline::config
