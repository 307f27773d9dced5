#include "config/setting_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/quantity.h"
#include "config/setting_table.h"

namespace gasoline::config {
namespace {

constexpr int64_t kMsUs = 1000;

struct Unit {
  std::string_view name;
  int64_t factor;
};

// The largest first: a value is written with the largest unit that divides it.
constexpr std::array<Unit, 4> kSizes{
    {{"GiB", 1LL << 30}, {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"", 1}}};
constexpr std::array<Unit, 4> kTimes{
    {{"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", kMsUs}}};

template <size_t kCount>
std::string with_unit(int64_t value, const std::array<Unit, kCount>& units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return fmt::format("{}{}", value / unit.factor, unit.name);
    }
  }
  return units[0].name == "h" ? "0s" : "0";
}

std::string number_text(SettingKind kind, int64_t value) {
  if (kind == SettingKind::kSize) return with_unit(value, kSizes);
  if (kind == SettingKind::kDuration) return with_unit(value, kTimes);
  if (kind == SettingKind::kMilliseconds) return std::to_string(value / kMsUs);
  return std::to_string(value);
}

bool parse_number(std::string_view text, int64_t& value) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  return code == std::errc() && end == text.data() + text.size();
}

bool parse_flag(std::string_view text, SettingValue& value) {
  // The words of YAML 1.1 too: people write them.
  constexpr std::array<std::string_view, 3> kTrue{"true", "yes", "on"};
  constexpr std::array<std::string_view, 3> kFalse{"false", "no", "off"};
  const bool is_true = std::find(kTrue.begin(), kTrue.end(), text) != kTrue.end();
  value = is_true;
  return is_true || std::find(kFalse.begin(), kFalse.end(), text) != kFalse.end();
}

bool parse_word(const SettingRow& row, std::string_view text, SettingValue& value) {
  for (size_t number = 0;; ++number) {
    const std::string_view word = word_at(row, number);
    if (word.empty()) return false;
    if (word != text) continue;
    value = static_cast<int64_t>(number);
    return true;
  }
}

bool parse_quantity(const SettingRow& row, std::string_view text, int64_t& value) {
  if (row.kind == SettingKind::kSize) {
    const auto size = parse_size_bytes(text);
    if (size) value = static_cast<int64_t>(*size);
    return size.has_value();
  }
  if (row.kind == SettingKind::kDuration) {
    const auto duration = parse_duration_us(text);
    if (duration) value = *duration;
    return duration.has_value();
  }
  if (!parse_number(text, value)) return false;
  if (row.kind != SettingKind::kMilliseconds) return true;
  if (value < 0 || value > INT64_MAX / kMsUs) return false;
  value *= kMsUs;
  return true;
}

/// In double quotes, where alone YAML keeps ends of lines and the like.
std::string escaped_form(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if ((c >= 0 && c < ' ') || c == 0x7f) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

/// Quoted where YAML would read something else than a text.
std::string text_form(std::string_view text, bool in_list) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./~:@+=-*$";
  const bool is_plain = !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos &&
                        std::string_view("-*:@~=").find(text.front()) == std::string_view::npos &&
                        !text.ends_with(':') && !(in_list && text.find(',') != text.npos);
  constexpr std::array<std::string_view, 3> kNull{"null", "Null", "NULL"};
  const bool is_null = std::find(kNull.begin(), kNull.end(), text) != kNull.end();
  if (is_plain && !is_null) return std::string(text);
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) return escaped_form(text);
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c;
    if (c == '\'') quoted += c;
  }
  return quoted + "'";
}

std::string bounds_text(const SettingRow& row) {
  std::string text;
  if (row.least > 0) text += ", at least " + number_text(row.kind, row.least);
  if (row.most < INT64_MAX) text += ", at most " + number_text(row.kind, row.most);
  return text;
}

std::string words_text(const SettingRow& row) {
  std::string text;
  for (size_t number = 0;; ++number) {
    const std::string_view word = word_at(row, number);
    if (word.empty()) return text;
    const bool is_last = word_at(row, number + 1).empty();
    if (number > 0) text += is_last ? " or " : ", ";
    text += word;
  }
}

}  // namespace

bool parse_value(const SettingRow& row, std::string_view text, SettingValue& value) {
  switch (row.kind) {
    case SettingKind::kFlag:
      return parse_flag(text, value);
    case SettingKind::kWord:
      return parse_word(row, text, value);
    case SettingKind::kText:
      value = std::string(text);
      return !text.empty();
    case SettingKind::kPath:
      value = std::string(text);
      return text.starts_with('/') || text.starts_with("~/");
    case SettingKind::kTexts:
      value = std::vector<std::string>{std::string(text)};
      return !text.empty();
    case SettingKind::kCount:
    case SettingKind::kMilliseconds:
    case SettingKind::kSize:
    case SettingKind::kDuration:
      break;
  }
  int64_t number = 0;
  if (!parse_quantity(row, text, number)) return false;
  value = number;
  return number >= row.least && number <= row.most;
}

std::string format_value(const SettingRow& row, const SettingValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) {
    if (row.kind == SettingKind::kWord) return std::string(word_at(row, *flag ? 1 : 0));
    return *flag ? "true" : "false";
  }
  if (const auto* number = std::get_if<int64_t>(&value)) {
    if (row.kind == SettingKind::kWord) {
      return std::string(word_at(row, static_cast<size_t>(*number)));
    }
    return number_text(row.kind, *number);
  }
  if (const auto* text = std::get_if<std::string>(&value)) return text_form(*text, false);
  std::string list = "[";
  for (const std::string& each : std::get<std::vector<std::string>>(value)) {
    if (list.size() > 1) list += ", ";
    list += text_form(each, true);
  }
  return list + "]";
}

std::string accepted(const SettingRow& row) {
  switch (row.kind) {
    case SettingKind::kFlag:
      return "true or false";
    case SettingKind::kWord:
      return words_text(row);
    case SettingKind::kText:
      return "a text";
    case SettingKind::kPath:
      return "a path that begins with / or ~/";
    case SettingKind::kTexts:
      return "a text, or a list of texts";
    case SettingKind::kCount:
      return "a whole number" + bounds_text(row);
    case SettingKind::kMilliseconds:
      return "a whole number of milliseconds" + bounds_text(row);
    case SettingKind::kSize:
      return "a size such as 64MiB" + bounds_text(row);
    case SettingKind::kDuration:
      return "a time such as 200ms, 5m or 24h" + bounds_text(row);
  }
  return {};
}

}  // namespace gasoline::config
