#include "event/event.h"

#include <array>

namespace gasoline::event {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames{"debug", "info", "warn", "error", "critical"};

constexpr std::array<std::string_view, 10> kSourceNames{
    "extension", "stdout", "stderr", "file", "ssh", "container", "otlp", "loki", "bus", "api"};

struct LevelWord {
  std::string_view word;
  Level level;
};

// Sources: RFC 5424 severities, log4j, java.util.logging, Python logging, Serilog, glog, .NET
// console, and the numbers of pino and bunyan.
constexpr LevelWord kLevelWords[] = {{"trace", Level::kDebug},
                                     {"debug", Level::kDebug},
                                     {"info", Level::kInfo},
                                     {"warn", Level::kWarn},
                                     {"error", Level::kError},
                                     {"fatal", Level::kCritical},
                                     {"warning", Level::kWarn},
                                     {"critical", Level::kCritical},
                                     {"notice", Level::kInfo},
                                     {"verbose", Level::kDebug},
                                     {"fine", Level::kDebug},
                                     {"finer", Level::kDebug},
                                     {"finest", Level::kDebug},
                                     {"config", Level::kDebug},
                                     {"information", Level::kInfo},
                                     {"informational", Level::kInfo},
                                     {"err", Level::kError},
                                     {"eror", Level::kError},
                                     {"severe", Level::kError},
                                     {"fail", Level::kError},
                                     {"failure", Level::kError},
                                     {"crit", Level::kCritical},
                                     {"panic", Level::kCritical},
                                     {"dpanic", Level::kCritical},
                                     {"alert", Level::kCritical},
                                     {"emerg", Level::kCritical},
                                     {"emergency", Level::kCritical},
                                     {"silly", Level::kDebug},
                                     {"dbug", Level::kDebug},
                                     {"trce", Level::kDebug},
                                     {"dbg", Level::kDebug},
                                     {"vrb", Level::kDebug},
                                     {"inf", Level::kInfo},
                                     {"wrn", Level::kWarn},
                                     {"ftl", Level::kCritical},
                                     {"t", Level::kDebug},
                                     {"d", Level::kDebug},
                                     {"v", Level::kDebug},
                                     {"i", Level::kInfo},
                                     {"w", Level::kWarn},
                                     {"e", Level::kError},
                                     {"f", Level::kCritical},
                                     {"c", Level::kCritical},
                                     {"10", Level::kDebug},
                                     {"20", Level::kDebug},
                                     {"30", Level::kInfo},
                                     {"40", Level::kWarn},
                                     {"50", Level::kError},
                                     {"60", Level::kCritical}};

constexpr size_t kLevelWordSizeMax = 13;

}  // namespace

std::string_view to_string(Level level) noexcept {
  return kLevelNames[static_cast<size_t>(level)];
}

bool parse_level(std::string_view word, Level& level) noexcept {
  if (word.empty() || word.size() > kLevelWordSizeMax) return false;
  std::array<char, kLevelWordSizeMax> lower{};
  for (size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  const std::string_view wanted(lower.data(), word.size());
  for (const LevelWord& entry : kLevelWords) {
    if (entry.word.front() != wanted.front() || entry.word != wanted) continue;
    level = entry.level;
    return true;
  }
  return false;
}

std::string_view to_string(SourceKind kind) noexcept {
  return kSourceNames[static_cast<size_t>(kind)];
}

bool parse_source_kind(std::string_view word, SourceKind& kind) noexcept {
  for (size_t i = 0; i < kSourceNames.size(); ++i) {
    if (kSourceNames[i] != word) continue;
    kind = static_cast<SourceKind>(i);
    return true;
  }
  return false;
}

}  // namespace gasoline::event
