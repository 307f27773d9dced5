#pragma once

#include <string>

#include "config/configuration.h"
#include "config/setting_table.h"

namespace gasoline::config {

/// The settings in force as a configuration file that would give them, each line with a comment on
/// where its value comes from: "# default", "# line 3", "# --ttl".
std::string print_settings(const Configuration& configuration);

/// A setting as a row of a table in Markdown: key, what is accepted, default, when a change counts,
/// description. docs/CONFIGURATION.md consists of these.
std::string reference_row(const SettingRow& row);

}  // namespace gasoline::config
