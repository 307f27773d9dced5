#include "source/file/rotated_names.h"

#include <algorithm>

#include "source/file/content.h"

namespace gasoline::source {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "1", "20261121", "2026-11-21T06:00:00", "20261121-1795228626", "old": with a separator before.
bool is_rotation_mark(std::string_view text) {
  if (text.size() < 2 || std::string_view("._-~").find(text.front()) == std::string_view::npos) {
    return false;
  }
  text.remove_prefix(1);
  if (text == "old" || text == "bak" || text == "prev") return true;
  const bool fits = std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || std::string_view("._-:+TZ").find(c) != std::string_view::npos;
  });
  return fits && is_digit(text.front());
}

size_t extension_at(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? name.size() : dot;
}

}  // namespace

std::string_view without_packing(std::string_view name) {
  return packing_of(name) == Packing::kNone ? name : name.substr(0, name.rfind('.'));
}

bool is_rotated_name(std::string_view name, std::string_view followed) {
  if (name == followed) return false;
  const std::string_view plain = without_packing(name);
  if (plain == followed) return true;
  if (plain.starts_with(followed)) return is_rotation_mark(plain.substr(followed.size()));
  const size_t at = extension_at(followed);
  const std::string_view stem = followed.substr(0, at);
  const std::string_view extension = followed.substr(at);
  if (extension.empty() || plain.size() <= stem.size() + extension.size()) return false;
  return plain.starts_with(stem) && plain.ends_with(extension) &&
         is_rotation_mark(plain.substr(stem.size(), plain.size() - stem.size() - extension.size()));
}

bool has_same_form(std::string_view name, std::string_view other) {
  size_t at = 0;
  size_t other_at = 0;
  const auto skip_digits = [](std::string_view text, size_t& from) {
    const size_t begun = from;
    while (from < text.size() && is_digit(text[from])) ++from;
    return from > begun;
  };
  while (true) {
    if (skip_digits(name, at) != skip_digits(other, other_at)) return false;
    if (at == name.size() || other_at == other.size()) break;
    if (name[at++] != other[other_at++]) return false;
  }
  return at == name.size() && other_at == other.size();
}

std::string_view service_of_path(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  name = without_packing(name);
  // Marks may stand on both sides of the extension; what is left of it is the name.
  const size_t mark = name.find_last_not_of("0123456789._-:+TZ~");
  if (mark != std::string_view::npos &&
      name.find_first_of("0123456789", mark) != std::string::npos) {
    name = name.substr(0, mark + 1);
  }
  name = name.substr(0, extension_at(name));
  const size_t end = name.find_last_not_of("0123456789._-:+TZ~");
  const bool has_date = end != std::string_view::npos && name.size() - end > 8;
  if (has_date) name = name.substr(0, end + 1);
  return name.empty() ? std::string_view("file") : name;
}

}  // namespace gasoline::source
