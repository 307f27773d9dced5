#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/setting_value.h"
#include "config/settings.h"
#include "config/yaml_tree.h"

namespace gasoline::config {

/// Something to say about a place in the configuration: an error, or a note.
struct Complaint {
  std::string file;
  Place place;
  std::string key;   ///< "backend.logs[1].path"; empty where it is about the whole file
  std::string what;  ///< what is wrong, and what is accepted

  /// "/home/me/.config/gasoline/config.yaml:3:11: backend.logs[0].start: 'ends' ... "
  std::string to_string() const;
};

/// Where a setting's value comes from, where it is not the default.
struct Origin {
  Place place;         ///< in the file
  std::string option;  ///< of the command line, "--ttl"; wins over the file
  bool is_refused = false;  ///< what stands there was complained of
};

/// Settings and where they come from. A value type.
struct Configuration {
  std::string file;  ///< empty: there is none, all is as it is without
  Settings settings;
  /// By key, elements of lists by their index from 0: "backend.logs[0].path". Only what was set.
  std::map<std::string, Origin, std::less<>> origins;

  Complaint complaint(std::string_view key, std::string_view what) const;
};

/// What came of reading a file. With errors, the configuration is not to be used.
struct Reading {
  Configuration configuration;
  std::vector<Complaint> errors;  ///< all that were found, in the order of the file
  std::vector<Complaint> notes;   ///< what is accepted and yet worth a word
};

/// A setting that the command line names; wins over the file.
struct Override {
  std::string key;
  std::string option;  ///< "--ttl"
  SettingValue value;
};

/// What reading must know that stands in no file.
struct Known {
  std::string home;                       ///< replaces "~" at the beginning of paths
  std::vector<std::string> secret_kinds;  ///< built-in kinds of secrets; without any, all are taken
};

/// Reads the text of a configuration file; `file` is its name in complaints. Looks at zone files,
/// and at nothing else outside.
Reading read_configuration(std::string_view text, const std::string& file, const Known& known,
                           const std::vector<Override>& overrides = {});

}  // namespace gasoline::config
