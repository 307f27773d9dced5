#pragma once

#include <cstddef>
#include <string_view>

#include "event/event.h"

namespace gasoline::understand {

/// What the browser's console said, as a dev server prints it among its own lines.
struct BrowserLine {
  size_t message_at = 0;  ///< behind all prefixes
  bool has_level = false;
  event::Level level = event::Level::kInfo;
  std::string_view level_word;
};

/// Reads the lines of Next.js (logging.browserToTerminal) and Vite (server.forwardConsole):
///
///   [browser] message (app/page.tsx:8:17)
///   2:37:06 AM [vite] (client) [console.warn] message
///   2:37:06 AM [vite] (client) [Unhandled error] TypeError: message
///
/// False, with `browser` unchanged, for any other line.
bool read_browser_line(std::string_view line, BrowserLine& browser);

}  // namespace gasoline::understand
