#include "base/nearest.h"

#include <algorithm>
#include <vector>

namespace gasoline {
namespace {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> names) {
  // What is this long is no slip of a name, and would cost its square.
  constexpr size_t kWordSizeMax = 200;
  if (word.size() > kWordSizeMax) return std::nullopt;
  const auto best = std::min_element(names.begin(), names.end(), [&](auto a, auto b) {
    return edit_distance(word, a) < edit_distance(word, b);
  });
  if (best == names.end()) return std::nullopt;
  const size_t distance_max = std::max<size_t>(2, best->size() / 3);
  if (edit_distance(word, *best) > distance_max) return std::nullopt;
  return *best;
}

}  // namespace gasoline
