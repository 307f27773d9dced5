#include "config/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/nearest.h"
#include "config/check.h"
#include "config/setting_table.h"

namespace gasoline::config {
namespace {

constexpr size_t kShownMax = 60;

std::string shown(std::string_view text) {
  if (text.size() <= kShownMax) return fmt::format("'{}'", text);
  return fmt::format("'{}...'", text.substr(0, kShownMax));
}

/// "a.b" within "" is "a", within "a" is "b"; nothing if the key is not within.
std::string_view part_within(std::string_view key, std::string_view section) {
  if (!key.starts_with(section)) return {};
  key.remove_prefix(section.size());
  if (!section.empty()) {
    if (!key.starts_with('.')) return {};
    key.remove_prefix(1);
  }
  return key.substr(0, key.find_first_of(".["));
}

/// The names that may stand in a section, each once.
std::vector<std::string_view> names_within(std::string_view section) {
  std::vector<std::string_view> names;
  for (const SettingRow& row : setting_table()) {
    const std::string_view name = part_within(row.key, section);
    if (!name.empty() && (names.empty() || names.back() != name)) names.push_back(name);
  }
  return names;
}

/// The whole key that ends in `name`, for who wrote it into the wrong section.
std::string_view key_elsewhere(std::string_view name) {
  for (const SettingRow& row : setting_table()) {
    if (row.key.ends_with(name) && row.key.size() > name.size() &&
        row.key[row.key.size() - name.size() - 1] == '.') {
      return row.key;
    }
  }
  return {};
}

/// Walks the tree along the table of settings.
class Reader {
 public:
  Reader(Reading& reading, const std::string& file) : reading_(reading) {
    reading_.configuration.file = file;
  }

  void read_root(const YamlNode& root) {
    if (root.kind == YamlNode::Kind::kNull) return;
    if (root.kind != YamlNode::Kind::kMap) {
      return complain(root.place, "", "a configuration is made of 'key: value' lines");
    }
    read_section(root, "", "", &reading_.configuration.settings);
  }

 private:
  /// `section` names the place in the table, `here` that in the file: with numbers in its brackets.
  void read_section(const YamlNode& node, const std::string& section, const std::string& here,
                    void* object) {
    std::set<std::string_view> seen;
    for (const YamlMember& member : node.members) {
      const std::string dot = section.empty() ? "" : ".";
      const std::string key = section + dot + member.key;
      const std::string key_here = here + dot + member.key;
      if (!seen.insert(member.key).second) {
        complain(member.place, key_here, "stands here a second time");
      } else if (member.key.find('[') != std::string::npos) {
        // As the table writes the elements of a list, which have an object of their own.
        complain(member.place, key_here, unknown_key(member.key, section));
      } else if (const SettingRow* row = find_setting(key)) {
        read_setting(*row, member, key_here, object);
      } else if (const SettingList* list = find_setting_list(key)) {
        read_list(*list, member, key_here);
      } else if (!names_within(key).empty()) {
        read_subsection(member, key, key_here, object);
      } else {
        complain(member.place, key_here, unknown_key(member.key, section));
      }
    }
  }

  void read_subsection(const YamlMember& member, const std::string& key, const std::string& here,
                       void* object) {
    if (member.value.kind == YamlNode::Kind::kNull) return;
    if (member.value.kind != YamlNode::Kind::kMap) {
      return complain(member.value.place, here,
                      fmt::format("is a section; accepted in it: {}",
                                  fmt::join(names_within(key), ", ")));
    }
    read_section(member.value, key, here, object);
  }

  void read_list(const SettingList& list, const YamlMember& member, const std::string& here) {
    if (member.value.kind == YamlNode::Kind::kNull) return;
    const std::string section = std::string(list.key) + "[]";
    if (member.value.kind != YamlNode::Kind::kList) {
      return complain(member.value.place, here,
                      fmt::format("is a list: each element begins with '- ' and has {}",
                                  fmt::join(names_within(section), ", ")));
    }
    reading_.configuration.origins[here] = {member.place, {}, false};
    for (size_t i = 0; i < member.value.items.size(); ++i) {
      const YamlNode& item = member.value.items[i];
      const std::string item_here = fmt::format("{}[{}]", here, i);
      void* object = list.append(reading_.configuration.settings);
      reading_.configuration.origins[item_here] = {item.place, {}, false};
      if (item.kind != YamlNode::Kind::kMap) {
        complain(item.place, item_here,
                 fmt::format("has 'key: value' lines; accepted: {}",
                             fmt::join(names_within(section), ", ")));
        continue;
      }
      read_section(item, section, item_here, object);
      require_all(item, section, item_here);
    }
  }

  void require_all(const YamlNode& item, const std::string& section, const std::string& here) {
    for (const SettingRow& row : setting_table()) {
      if (!row.is_required || !row.key.starts_with(section)) continue;
      const std::string_view name = row.key.substr(section.size() + 1);
      const bool is_there =
          std::any_of(item.members.begin(), item.members.end(),
                      [&](const YamlMember& member) { return member.key == name; });
      if (is_there) continue;
      complain(item.place, here, fmt::format("'{}' is missing: {}", name, accepted(row)));
    }
  }

  void read_setting(const SettingRow& row, const YamlMember& member, const std::string& here,
                    void* object) {
    SettingValue value;
    const bool is_list =
        row.kind == SettingKind::kTexts && member.value.kind == YamlNode::Kind::kList;
    const bool is_good = is_list ? read_texts(row, member.value, here, value)
                                 : read_single(row, member, here, value);
    reading_.configuration.origins[here] = {member.value.place, {}, !is_good};
    if (is_good) row.slot.write(object, std::move(value));
  }

  bool read_single(const SettingRow& row, const YamlMember& member, const std::string& here,
                   SettingValue& value) {
    const YamlNode& node = member.value;
    if (node.kind == YamlNode::Kind::kNull) {
      complain(member.place, here, "has no value; accepted: " + accepted(row));
      return false;
    }
    if (node.kind == YamlNode::Kind::kValue && parse_value(row, node.text, value)) return true;
    const std::string what = node.kind == YamlNode::Kind::kValue  ? shown(node.text)
                             : node.kind == YamlNode::Kind::kList ? "a list"
                                                                  : "a section";
    complain(node.place, here,
             fmt::format("{} is not accepted; {}", what, accepted_here(row, node)));
    return false;
  }

  static std::string accepted_here(const SettingRow& row, const YamlNode& node) {
    std::string text = "accepted: " + accepted(row);
    if (row.kind != SettingKind::kWord || node.kind != YamlNode::Kind::kValue) return text;
    std::vector<std::string_view> words;
    for (size_t i = 0; !word_at(row, i).empty(); ++i) words.push_back(word_at(row, i));
    if (const auto meant = nearest(node.text, words)) {
      text += fmt::format("; did you mean '{}'?", *meant);
    }
    return text;
  }

  bool read_texts(const SettingRow& row, const YamlNode& node, const std::string& here,
                  SettingValue& value) {
    std::vector<std::string> texts;
    bool all_good = true;
    for (size_t i = 0; i < node.items.size(); ++i) {
      const YamlNode& item = node.items[i];
      const std::string item_here = fmt::format("{}[{}]", here, i);
      reading_.configuration.origins[item_here] = {item.place, {}, false};
      if (item.kind == YamlNode::Kind::kValue && !item.text.empty()) {
        texts.push_back(item.text);
        continue;
      }
      complain(item.place, item_here, "is not accepted; accepted: " + accepted(row));
      all_good = false;
    }
    value = std::move(texts);
    return all_good;
  }

  static std::string unknown_key(std::string_view name, const std::string& section) {
    const std::vector<std::string_view> names = names_within(section);
    std::string text = "there is no such key";
    if (const auto meant = nearest(name, names)) {
      return fmt::format("{}; did you mean '{}'?", text, *meant);
    }
    if (const std::string_view elsewhere = key_elsewhere(name); !elsewhere.empty()) {
      return fmt::format("{} here; did you mean '{}'?", text, elsewhere);
    }
    return fmt::format("{}; accepted here: {}", text, fmt::join(names, ", "));
  }

  void complain(const Place& place, std::string_view key, std::string_view what) {
    reading_.errors.push_back(
        {reading_.configuration.file, place, std::string(key), std::string(what)});
  }

  Reading& reading_;
};

}  // namespace

std::string Complaint::to_string() const {
  std::string text = file;
  if (place.line > 0) text += fmt::format(":{}:{}", place.line, place.column);
  if (!text.empty()) text += ": ";
  if (!key.empty()) text += key + ": ";
  return text + what;
}

Complaint Configuration::complaint(std::string_view key, std::string_view what) const {
  // What has no place of its own has that of what it is part of.
  std::string_view at = key;
  auto origin = origins.find(at);
  while (origin == origins.end() && !at.empty()) {
    const size_t end = at.find_last_of(".[");
    at = end == std::string_view::npos ? std::string_view() : at.substr(0, end);
    origin = origins.find(at);
  }
  if (origin == origins.end()) return {file, {}, std::string(key), std::string(what)};
  if (!origin->second.option.empty()) return {"", {}, origin->second.option, std::string(what)};
  return {file, origin->second.place, std::string(key), std::string(what)};
}

Reading read_configuration(std::string_view text, const std::string& file, const Known& known,
                           const std::vector<Override>& overrides) {
  Reading reading;
  YamlNode root;
  YamlProblem problem;
  if (!parse_yaml(text, root, problem)) {
    reading.configuration.file = file;
    reading.errors.push_back({file, problem.place, "", problem.what});
    return reading;
  }
  Reader(reading, file).read_root(root);
  Configuration& configuration = reading.configuration;
  for (const Override& each : overrides) {
    find_setting(each.key)->slot.write(&configuration.settings, each.value);
    configuration.origins[each.key] = {{}, each.option, false};
  }
  // Also behind errors, so that a person gets all of them in one go.
  check_settings(reading, known);
  const auto earlier = [](const Complaint& left, const Complaint& right) {
    return std::pair(left.place.line, left.place.column) <
           std::pair(right.place.line, right.place.column);
  };
  std::stable_sort(reading.errors.begin(), reading.errors.end(), earlier);
  std::stable_sort(reading.notes.begin(), reading.notes.end(), earlier);
  return reading;
}

}  // namespace gasoline::config
