#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "command_line.h"
#include "daemon_connection.h"

namespace gasoline::cli {

/// Options of every command that asks for events.
inline constexpr std::array<OptionRow, 10> kFilterOptions{{
    {"source", "only this source or kind of source, such as stderr; may be repeated", "NAME"},
    {"service", "only this service; may be repeated", "NAME"},
    {"level", "only this level and above: debug, info, warn, error, critical", "LEVEL"},
    {"since", "from this long ago on (10m, 2h), or from this time on", "WHEN"},
    {"until", "up to this long ago, or to this time", "WHEN"},
    {"start-time", "from this time on: RFC 3339 or milliseconds since 1970", "TIME"},
    {"end-time", "before this time", "TIME"},
    {"run", "only this run of gasoline-run", "RUN-ID"},
    {"project", "only runs in the git working tree of this name", "NAME"},
    {"limit", "events in one answer, 1 to 10000 (default 1000)", "N"},
}};

/// kFilterOptions and then a command's own.
template <size_t kCount>
constexpr std::array<OptionRow, kFilterOptions.size() + kCount> with_filters(
    const std::array<OptionRow, kCount>& own) {
  std::array<OptionRow, kFilterOptions.size() + kCount> all{};
  std::copy(kFilterOptions.begin(), kFilterOptions.end(), all.begin());
  std::copy(own.begin(), own.end(), all.begin() + kFilterOptions.size());
  return all;
}

/// What the user chose of kFilterOptions, as the API names it.
Parameters filter_parameters(const Arguments& arguments);

/// Asks for a digest of --max-tokens and prints it.
int ask_for_digest(const Arguments& arguments, std::string_view path, Parameters parameters);

/// The same question, from `cursor` on.
Parameters from_cursor(Parameters parameters, const std::string& cursor);

}  // namespace gasoline::cli
