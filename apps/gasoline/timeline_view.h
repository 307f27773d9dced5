#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace gasoline::cli {

/// How a view is to be shown.
struct ViewOptions {
  bool is_terminal = false;  ///< for a person: lanes, relative times, notes between the lines
  bool is_coloured = false;
  bool is_whole = false;  ///< messages are not cut to the width
  size_t width = 80;      ///< columns of the terminal
};

/// What to print, and where.
struct View {
  std::string text;   ///< for stdout
  std::string notes;  ///< for stderr: what a pipe must not get among its lines
  bool found = false;
};

/// Shows the JSON of GET /v1/timeline, one text per page, first page first.
///
/// On a terminal: a header with the absolute start, then one lane per service with times relative
/// to the first event, and in their places, in words, what is missing. In a pipe: one event a line,
/// "TIME LEVEL SERVICE SOURCE MESSAGE", with the same remarks in `notes`. Error::kInvalid if a text
/// is no such JSON.
Result<View> render_timeline(std::span<const std::string> pages, const ViewOptions& options);

/// "+12.3 ms", "+12.345 s", "+2 m 05.1 s"
std::string format_relative(long long us);

}  // namespace gasoline::cli
