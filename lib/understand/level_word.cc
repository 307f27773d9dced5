#include "understand/level_word.h"

#include <array>

#include "understand/chars.h"

namespace gasoline::understand {

namespace {

using event::Level;

struct ClippedWord {
  std::string_view word;
  Level level;
};

/// Forms that stand only in the prefix of a line: clipped to four letters, or of one server's own.
constexpr std::array kClippedWords = {
    ClippedWord{"debu", Level::kDebug},    ClippedWord{"debg", Level::kDebug},
    ClippedWord{"noti", Level::kInfo},     ClippedWord{"emer", Level::kCritical},
    ClippedWord{"aler", Level::kCritical}, ClippedWord{"pnc", Level::kCritical},
    ClippedWord{"erro", Level::kError},
    ClippedWord{"fata", Level::kCritical}, ClippedWord{"pani", Level::kCritical},
    ClippedWord{"trac", Level::kDebug},    ClippedWord{"trc", Level::kDebug},
    ClippedWord{"note", Level::kInfo},     ClippedWord{"crt", Level::kCritical},
    ClippedWord{"verb", Level::kDebug},    ClippedWord{"success", Level::kInfo},
    ClippedWord{"log", Level::kInfo},      ClippedWord{"system", Level::kInfo}};

}  // namespace

bool read_level_word(std::string_view word, Level& level) {
  if (word.size() < 3 || word.size() > 13 || !all_of(word, kLower | kUpper)) return false;
  if (event::parse_level(word, level)) return true;
  for (const ClippedWord& clipped : kClippedWords) {
    if (!equals_ignoring_case(word, clipped.word)) continue;
    level = clipped.level;
    return true;
  }
  return false;
}

bool read_level_value(std::string_view value, Level& level) {
  return event::parse_level(value, level) || read_level_word(value, level);
}

}  // namespace gasoline::understand
