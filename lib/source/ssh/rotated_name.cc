#include "source/ssh/rotated_name.h"

#include <algorithm>
#include <array>
#include <optional>

namespace gasoline::source::ssh {
namespace {

constexpr std::array<std::string_view, 4> kCompressed{".gz", ".bz2", ".xz", ".zst"};
constexpr size_t kDateDigitsMin = 6;  // more digits than any count of kept files has
constexpr size_t kDigitsMax = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes "-20261121-1795277439" or ".1" off the end of `text`.
std::optional<RotatedName> take_number(std::string_view& text) {
  size_t at = text.size();
  size_t begin = at;
  std::string digits;
  for (;;) {
    size_t first = at;
    while (first > 0 && is_digit(text[first - 1])) --first;
    const bool is_group =
        first < at && first > 1 && (text[first - 1] == '.' || text[first - 1] == '-');
    if (!is_group) break;
    digits.insert(0, text.substr(first, at - first));
    at = begin = first - 1;
  }
  if (digits.empty() || text[begin - 1] == '/') return std::nullopt;
  text = text.substr(0, begin);
  RotatedName found;
  found.is_date = digits.size() >= kDateDigitsMin;
  for (const char digit : std::string_view(digits).substr(0, kDigitsMax)) {
    found.number = found.number * 10 + static_cast<uint64_t>(digit - '0');
  }
  return found;
}

/// Where the extension of the last name begins; the path's size if there is none.
size_t extension_begin(std::string_view path) {
  const size_t name = path.rfind('/') + 1;
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos || dot <= name ? path.size() : dot;
}

}  // namespace

std::vector<RotatedName> rotated_names(std::string_view path) {
  bool is_compressed = false;
  for (const std::string_view ending : kCompressed) {
    if (!path.ends_with(ending)) continue;
    path.remove_suffix(ending.size());
    is_compressed = true;
    break;
  }
  std::vector<RotatedName> found;
  std::string_view whole = path;
  if (auto name = take_number(whole)) {
    name->base = whole;
    name->is_compressed = is_compressed;
    found.push_back(std::move(*name));
  }
  const size_t dot = extension_begin(path);
  std::string_view stem = path.substr(0, dot);
  const std::string_view extension = path.substr(dot);
  const bool is_word = !std::all_of(extension.begin(), extension.end(),
                                    [](char c) { return c == '.' || is_digit(c); });
  if (!is_word) return found;
  if (auto name = take_number(stem)) {
    name->base = std::string(stem) + std::string(extension);
    name->is_sure = name->is_date || path[stem.size()] == '.';
    name->is_compressed = is_compressed;
    found.push_back(std::move(*name));
  }
  return found;
}

std::vector<std::string> sibling_patterns(std::string_view path) {
  std::vector<std::string> patterns{std::string(path) + "[.-]*"};
  const size_t dot = extension_begin(path);
  if (dot < path.size()) {
    patterns.push_back(std::string(path.substr(0, dot)) + "[.-]*" + std::string(path.substr(dot)));
  }
  return patterns;
}

bool is_newer(const RotatedName& name, int64_t modified_s, const RotatedName& than,
              int64_t than_modified_s) {
  if (name.is_date != than.is_date || name.number == than.number) {
    return modified_s > than_modified_s;
  }
  return name.is_date ? name.number > than.number : name.number < than.number;
}

}  // namespace gasoline::source::ssh
