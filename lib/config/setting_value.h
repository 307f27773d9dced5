#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace gasoline::config {

/// How a setting is written, and in which unit it is kept.
enum class SettingKind {
  kFlag,          ///< true or false
  kCount,         ///< a whole number
  kMilliseconds,  ///< a whole number of ms; kept in us
  kSize,          ///< "16MiB"; kept in bytes
  kDuration,      ///< "200ms", "24h"; kept in us
  kWord,          ///< one of a few words; kept as its number
  kText,
  kPath,  ///< absolute, or with ~/ at its beginning
  kTexts  ///< a list of texts, or a single one
};

/// A setting's value, whatever its kind: numbers in the unit that they are kept in.
using SettingValue = std::variant<bool, int64_t, std::string, std::vector<std::string>>;

/// How a member of a struct of settings is reached, without its type.
struct SettingSlot {
  void (*write)(void* object, SettingValue value);
  SettingValue (*read)(const void* object);
};

template <typename Struct, typename Member>
Struct struct_of(Member Struct::*);

/// The slot of a member; enums and flags written as words are kept by their number.
template <auto kMember>
constexpr SettingSlot slot() {
  using Struct = decltype(struct_of(kMember));
  using Member = std::remove_reference_t<decltype(std::declval<Struct&>().*kMember)>;
  return {[](void* object, SettingValue value) {
            Member& to = static_cast<Struct*>(object)->*kMember;
            if constexpr (std::is_same_v<Member, bool>) {
              const auto* number = std::get_if<int64_t>(&value);
              to = number != nullptr ? *number != 0 : std::get<bool>(value);
            } else if constexpr (std::is_enum_v<Member>) {
              to = static_cast<Member>(std::get<int64_t>(value));
            } else {
              to = std::get<Member>(std::move(value));
            }
          },
          [](const void* object) -> SettingValue {
            const Member& from = static_cast<const Struct*>(object)->*kMember;
            if constexpr (std::is_enum_v<Member>) {
              return static_cast<int64_t>(from);
            } else {
              return from;
            }
          }};
}

struct SettingRow;

/// Reads what stands in the file for the row, but for lists. False if it is not of its kind or out
/// of its bounds: see accepted().
bool parse_value(const SettingRow& row, std::string_view text, SettingValue& value);

/// The value as it would be written in the file: "16MiB", "[a, b]", "\"\"".
std::string format_value(const SettingRow& row, const SettingValue& value);

/// What a row takes, for people: "a size such as 16MiB, at least 16MiB".
std::string accepted(const SettingRow& row);

}  // namespace gasoline::config
