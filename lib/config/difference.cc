#include "config/difference.h"

#include "config/setting_table.h"

namespace gasoline::config {
namespace {

bool is_of_list(const SettingRow& row) {
  return row.key.find("[]") != std::string_view::npos;
}

bool is_equal(const SettingList& list, const Settings& from, const Settings& to) {
  const std::string section = std::string(list.key) + "[]";
  for (size_t i = 0;; ++i) {
    const void* left = list.at(from, i);
    const void* right = list.at(to, i);
    if (left == nullptr || right == nullptr) return left == right;
    for (const SettingRow& row : setting_table()) {
      if (!row.key.starts_with(section)) continue;
      if (row.slot.read(left) != row.slot.read(right)) return false;
    }
  }
}

}  // namespace

Difference difference(const Settings& from, const Settings& to) {
  Difference found;
  const auto add = [&](std::string_view key, Change change) {
    (change == Change::kRestart ? found.restart : found.at_once).emplace_back(key);
  };
  for (const SettingRow& row : setting_table()) {
    if (is_of_list(row)) continue;
    if (row.slot.read(&from) != row.slot.read(&to)) add(row.key, row.change);
  }
  for (const SettingList& list : setting_lists()) {
    if (!is_equal(list, from, to)) add(list.key, list.change);
  }
  return found;
}

Settings without_restarts(const Settings& running, Settings wanted) {
  for (const SettingRow& row : setting_table()) {
    if (is_of_list(row) || row.change != Change::kRestart) continue;
    row.slot.write(&wanted, row.slot.read(&running));
  }
  return wanted;
}

}  // namespace gasoline::config
