#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gasoline::cli {

/// The few colours that are readable on dark and on light terminals.
enum class Colour { kNone, kDim, kBold, kRed, kBoldRed, kYellow, kGreen, kBlue, kMagenta, kCyan };

/// `text` between the escape sequences of a colour, or as it is if `is_coloured` is false.
std::string paint(std::string_view text, Colour colour, bool is_coloured);

/// `text` without anything that could move the cursor, ring or recolour: escape sequences of
/// colours vanish, other control characters become \xNN, tabs become spaces. Line feeds stay if
/// `keeps_line_feeds`, else they become \n. A log is not to be trusted with somebody's terminal.
std::string make_safe(std::string_view text, bool keeps_line_feeds);

/// Columns on a terminal: 2 for wide East Asian characters and emoji, 0 for combining marks.
size_t display_width(std::string_view text);

/// `text` cut to at most `columns`, with an ellipsis in the last one if something is missing.
std::string cut_to_width(std::string_view text, size_t columns);

/// `text` broken at spaces into lines of at most `columns`. A word that is longer stands whole.
std::vector<std::string> wrap(std::string_view text, size_t columns);

/// `text` followed by spaces up to `columns`.
std::string pad(std::string_view text, size_t columns);

/// 1234567 -> "1,234,567"
std::string group_digits(unsigned long long number);

/// "1 line", "12 lines"
std::string count_of(unsigned long long number, std::string_view noun);

}  // namespace gasoline::cli
