#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"
#include "source/ssh/link.h"

namespace gasoline::source::ssh {

/// The command that connects: the system's ssh with what must hold, what the user set, and what we
/// would choose, in this order, because ssh keeps the first value of an option. It asks nobody
/// anything, accepts no unknown host key, forwards nothing, and shares no connection of the user's,
/// whose keep-alive would not be ours.
std::vector<std::string> connect_command(const config::SourceSettings& settings);

/// The command that prints ssh's view of its configuration, to find its key files.
std::vector<std::string> describe_command(const config::SourceSettings& settings);
/// The files named in what describe_command() printed, whose change may mend what was refused, with
/// the usual places; at most 64.
std::vector<std::string> files_that_matter(std::string_view description, std::string_view home);

/// Error::kInvalid if a host or path could be misunderstood.
Status check_settings(const config::SourceSettings& settings);

/// What an end means.
struct Failure {
  bool is_permanent = false;  ///< trying again changes nothing until a key or a setting does
  std::string what;           ///< in plain words
  std::string remedy;         ///< a command, or what to look into; empty where nothing is known

  /// Both, in one line.
  std::string to_string() const { return remedy.empty() ? what : what + "; " + remedy; }
};
Failure explain_end(const LinkEnd& end, bool has_greeted, std::string_view host);

}  // namespace gasoline::source::ssh
