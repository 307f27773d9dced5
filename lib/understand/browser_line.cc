#include "understand/browser_line.h"

#include "understand/chars.h"
#include "understand/level_word.h"

namespace gasoline::understand {

namespace {

constexpr std::string_view kNext = "[browser] ";
constexpr std::string_view kVite = "[vite] (client) [";
constexpr std::string_view kConsole = "console.";
constexpr std::string_view kUnhandled = "Unhandled ";
constexpr size_t kPrefixSizeMax = 48;

/// log, info, warn, error, debug, trace ... of console.
event::Level console_level(std::string_view word) {
  event::Level level = event::Level::kInfo;
  if (word == "assert") return event::Level::kError;
  return read_level_word(word, level) ? level : event::Level::kInfo;
}

}  // namespace

bool read_browser_line(std::string_view line, BrowserLine& browser) {
  const size_t indent = run_of(line, kBlank, 4);
  if (line.substr(indent).starts_with(kNext)) {
    browser = {};
    browser.message_at = indent + kNext.size();
    return true;
  }
  const size_t vite = line.substr(0, kPrefixSizeMax).find(kVite);
  if (vite == std::string_view::npos) return false;
  const size_t tag_at = vite + kVite.size();
  const size_t close = line.substr(0, tag_at + kPrefixSizeMax).find("] ", tag_at);
  if (close == std::string_view::npos) return false;
  const std::string_view tag = line.substr(tag_at, close - tag_at);
  const bool is_console = tag.starts_with(kConsole);
  if (!is_console && !tag.starts_with(kUnhandled)) return false;
  browser = {};
  browser.message_at = is_console ? close + 2 : tag_at - 1;
  browser.has_level = true;
  browser.level_word = is_console ? tag.substr(kConsole.size()) : "error";
  browser.level = is_console ? console_level(browser.level_word) : event::Level::kError;
  return true;
}

}  // namespace gasoline::understand
