#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/writer.h"

namespace gasoline::run {

/// Which of the child's streams are to be terminals: those whose place is one, all, or none.
enum class TerminalUse { kAuto, kAlways, kNever };

/// What the command line of gasoline-run says.
struct Options {
  std::vector<std::string> command;
  std::string name;  ///< empty: to be derived from the command
  std::vector<std::string> tags;
  std::optional<std::string> url;  ///< of --url; GASOLINE_URL is looked at by the wrapper
  std::string spool_directory;     ///< empty: the default place
  uint64_t spool_size_bytes_max = 1ull << 30;
  uint64_t ring_size_bytes = 16ull << 20;
  uint64_t line_size_bytes_max = 1ull << 20;
  journal::SyncPolicy sync = journal::SyncPolicy::kInterval;
  TerminalUse terminals = TerminalUse::kAuto;
  bool merges_streams = false;  ///< stderr goes where stdout goes, through one pipe or terminal
  int64_t flush_timeout_us = 2'000'000;
  int64_t drain_timeout_us = 2'000'000;
  bool lossless = false;
  bool no_daemon = false;
  bool nested = false;
  bool verbose = false;
  bool show_help = false;
  bool show_version = false;
};

/// Reads the options up to the command; what follows the command's name is the command's. An Error
/// says in one line what is wrong and what is accepted.
Result<Options> parse_options(int argc, const char* const* argv);

/// The text of --help.
std::string help_text();

}  // namespace gasoline::run
