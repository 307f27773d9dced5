#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/setting_value.h"
#include "config/settings.h"

namespace gasoline::config {

/// Whether a running daemon takes a change over when it reads its configuration again.
enum class Change { kAtOnce, kRestart };

/// One setting. The table of them drives reading, `gasoline config check` and `print`, and a test
/// holds docs/CONFIGURATION.md against it.
struct SettingRow {
  std::string_view key;  ///< "store.max_bytes"; of an element of a list "backend.logs[].path"
  SettingKind kind;
  SettingSlot slot;  ///< in Settings, or in the struct of the list's elements
  Change change;
  std::string_view description;
  int64_t least = 0;          ///< of numbers, in the unit that they are kept in
  int64_t most = INT64_MAX;
  std::string_view words{};     ///< of kWord, by number: "end|beginning|recent"
  std::string_view fallback{};  ///< what stands in for an empty default, for people
  std::string_view types{};     ///< of sources that have it: "file ssh"; empty: all
  bool is_required = false;   ///< in each element of its list
};

std::span<const SettingRow> setting_table();
const SettingRow* find_setting(std::string_view key);

/// A list of mappings.
struct SettingList {
  std::string_view key;  ///< "backend.logs"
  Change change;
  std::string_view description;
  void* (*append)(Settings&);
  const void* (*at)(const Settings&, size_t index);  ///< null behind the last
};

std::span<const SettingList> setting_lists();
const SettingList* find_setting_list(std::string_view key);

/// The value of a row where nobody has set it, as it would be written.
std::string default_text(const SettingRow& row);

/// A word of the row by its number.
std::string_view word_at(const SettingRow& row, size_t number);

}  // namespace gasoline::config
