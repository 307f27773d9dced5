#include "understand/metadata_text.h"

#include <array>

#include "event/json_text.h"

namespace gasoline::understand {
namespace {

/// Each with the underscore that a line's own field gets.
constexpr std::array<std::string_view, 7> kOurs = {"partial_",   "replaces_",     "continues_",
                                                   "continued_", "unterminated_", "in_private_key_",
                                                   "gap_"};

}  // namespace

std::string_view field_name_in_metadata(std::string_view key) noexcept {
  for (const std::string_view ours : kOurs) {
    if (ours.size() == key.size() + 1 && ours.starts_with(key)) return ours;
  }
  return key;
}

void MetadataText::add_members(std::string_view members) {
  if (members.empty()) return;
  separate();
  text_.append(members);
}

void MetadataText::add_raw(std::string_view key, std::string_view value) {
  separate();
  text_.push_back('"');
  text_.append(key);
  text_.append("\":");
  text_.append(value);
}

void MetadataText::add_quoted(std::string_view key, std::string_view text) {
  separate();
  text_.push_back('"');
  text_.append(key);
  text_.append("\":");
  event::append_json_string(text_, text);
}

void MetadataText::add_string(std::string_view key, std::string_view text) {
  separate();
  event::append_json_string(text_, key);
  text_.push_back(':');
  event::append_json_string(text_, text);
}

void MetadataText::add_time_ms(std::string_view key, int64_t us) {
  separate();
  event::append_json_string(text_, key);
  text_.push_back(':');
  event::append_json_time_ms(text_, us);
}

}  // namespace gasoline::understand
