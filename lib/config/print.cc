#include "config/print.h"

#include <fmt/format.h>


namespace gasoline::config {
namespace {

constexpr size_t kCommentColumn = 44;

class Printer {
 public:
  explicit Printer(const Configuration& configuration) : configuration_(configuration) {}

  std::string print() {
    text_ = configuration_.file.empty() ? "# There is no configuration file.\n"
                                        : "# " + configuration_.file + "\n";
    for (const SettingRow& row : setting_table()) {
      const size_t bracket = row.key.find("[]");
      if (bracket == std::string_view::npos) {
        open_sections(row.key);
        add_setting(row, row.key, &configuration_.settings, std::string(2, ' '));
      } else if (list_ != row.key.substr(0, bracket)) {
        list_ = row.key.substr(0, bracket);
        add_list(*find_setting_list(list_));
      }
    }
    return std::move(text_);
  }

 private:
  /// Keys have two parts, "server.listen": one section each.
  void open_sections(std::string_view key) {
    const std::string_view section = key.substr(0, key.find('.'));
    if (section == section_) return;
    section_ = section;
    text_ += fmt::format("{}:\n", section);
  }

  void add_list(const SettingList& list) {
    open_sections(list.key);
    const std::string_view name = list.key.substr(list.key.find('.') + 1);
    if (list.at(configuration_.settings, 0) == nullptr) {
      return add_line(fmt::format("  {}: []", name), list.key);
    }
    text_ += fmt::format("  {}:\n", name);
    for (size_t i = 0; const void* object = list.at(configuration_.settings, i); ++i) {
      add_element(list, i, object);
    }
  }

  void add_element(const SettingList& list, size_t index, const void* object) {
    const std::string section = std::string(list.key) + "[]";
    const std::string_view type = type_of(list, object);
    std::string indent = "    - ";
    for (const SettingRow& row : setting_table()) {
      if (!row.key.starts_with(section)) continue;
      if (!row.types.empty() && row.types.find(type) == std::string_view::npos) continue;
      const std::string key = fmt::format("{}[{}]{}", list.key, index,
                                          row.key.substr(section.size()));
      // Only with `start: recent` is it accepted.
      if (row.key.ends_with(".recent") && !configuration_.origins.contains(key)) continue;
      add_setting(row, key, object, indent);
      indent = "      ";
    }
  }

  static std::string_view type_of(const SettingList& list, const void* object) {
    const SettingRow* row = find_setting(std::string(list.key) + "[].type");
    if (row == nullptr) return {};
    return word_at(*row, static_cast<size_t>(std::get<int64_t>(row->slot.read(object))));
  }

  void add_setting(const SettingRow& row, std::string_view key, const void* object,
                   const std::string& indent) {
    const std::string_view name = row.key.substr(row.key.rfind('.') + 1);
    const std::string value = format_value(row, row.slot.read(object));
    const bool is_derived = !configuration_.origins.contains(key) && !row.fallback.empty();
    if (is_derived && (value == "''" || value == "0")) {
      const std::string head = indent.ends_with("- ") ? indent : "# " + indent.substr(2);
      text_ += fmt::format("{:<{}} # {}\n", fmt::format("{}{}:", head, name), kCommentColumn,
                           row.fallback);
      return;
    }
    add_line(fmt::format("{}{}: {}", indent, name, value), key);
  }

  void add_line(const std::string& line, std::string_view key) {
    text_ += fmt::format("{:<{}} # {}\n", line, kCommentColumn, origin_of(key));
  }

  std::string origin_of(std::string_view key) const {
    const auto origin = configuration_.origins.find(key);
    if (origin == configuration_.origins.end()) return "default";
    if (!origin->second.option.empty()) return origin->second.option;
    return fmt::format("line {}", origin->second.place.line);
  }

  const Configuration& configuration_;
  std::string text_;
  std::string_view section_;
  std::string_view list_;
};

}  // namespace

std::string print_settings(const Configuration& configuration) {
  return Printer(configuration).print();
}

std::string reference_row(const SettingRow& row) {
  std::string words = accepted(row);
  if (!row.types.empty()) words += fmt::format(" (type {})", row.types);
  std::string standard = default_text(row);
  if (row.is_required) {
    standard = "required";
  } else if (row.fallback.empty()) {
    standard = fmt::format("`{}`", standard);
  }
  const char* change = row.change == Change::kRestart ? "restart" : "at once";
  return fmt::format("| `{}` | {} | {} | {} | {} |", row.key, words, standard, change,
                     row.description);
}

}  // namespace gasoline::config
