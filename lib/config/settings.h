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

  // file; ssh has path, exclude, start, recent and max_age too
  std::vector<std::string> paths;  ///< globs
  std::vector<std::string> exclude;
  Start start = Start::kEnd;
  int64_t recent_us = 3'600'000'000;  ///< what kRecent reads of the past
  int64_t max_age_us = 0;             ///< files not written for longer are left alone; 0: no limit
  int64_t poll_interval_us = 100'000;

  // ssh
  std::string host;  ///< as given to ssh: alias, host or user@host
  std::string ssh_command = "ssh";
  std::vector<std::string> ssh_options;

  // container
  std::string socket;               ///< empty: Docker's, then Podman's usual places
  std::vector<std::string> labels;  ///< "key" or "key=value"; all must match
  std::vector<std::string> names;   ///< globs; one must match
  std::vector<std::string> images;  ///< globs; one must match
  bool read_files = false;  ///< `mode: files`: the engine's json-file logs instead of its API
};

}  // namespace gasoline::config
