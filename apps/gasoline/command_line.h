#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gasoline::cli {

inline constexpr int kExitFound = 0;
inline constexpr int kExitNothingFound = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDaemonAway = 3;
inline constexpr int kExitNotWritten = 4;
inline constexpr int kExitInUse = 5;

/// One option of a command. An option with an argument may be repeated.
struct OptionRow {
  const char* name;  ///< "source", or "h,help" with its short form
  const char* help;
  const char* argument;  ///< "NAME"; empty for a switch
};

/// What the user wrote behind a command's name.
struct Arguments {
  std::vector<std::string> positionals;
  std::map<std::string, std::vector<std::string>, std::less<>> options;

  bool has(std::string_view name) const { return options.contains(name); }
  /// The last value given.
  std::optional<std::string> value(std::string_view name) const;
  std::vector<std::string> values(std::string_view name) const;
};

/// A command of the program: its row in main.cc's table.
struct Command {
  const char* name;
  const char* usage;  ///< what stands behind "gasoline " in the help
  const char* summary;
  const char* examples;  ///< lines, or empty
  std::span<const OptionRow> options;
  size_t positionals_max;
  int (*run)(const Arguments& arguments);
  bool is_local = false;  ///< asks no daemon: of the common options it has --help only
};

/// Options that every command has that asks the daemon.
std::span<const OptionRow> common_options();

/// Error::kInvalid, with what is wrong and what is accepted, for anything unknown or unreadable.
Result<Arguments> parse_arguments(const Command& command, std::span<char* const> words);

std::string help_text(const Command& command);

}  // namespace gasoline::cli
