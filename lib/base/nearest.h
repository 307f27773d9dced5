#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace gasoline {

/// The name nearest to `word` by edit distance, if any is near enough to be meant: at most a third
/// of its letters, or two, are different.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> names);

}  // namespace gasoline
