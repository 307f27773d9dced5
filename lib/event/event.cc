#include "event/event.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>

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

/// Which level words have this size, or begin with this character: bit i for kLevelWords[i].
struct LevelWordIndex {
  std::array<uint64_t, kLevelWordSizeMax + 1> of_size{};
  std::array<uint64_t, 128> of_front{};
};

constexpr LevelWordIndex make_level_word_index() {
  static_assert(std::size(kLevelWords) <= 64);
  LevelWordIndex index;
  for (size_t i = 0; i < std::size(kLevelWords); ++i) {
    const std::string_view word = kLevelWords[i].word;
    index.of_size[word.size()] |= uint64_t{1} << i;
    index.of_front[static_cast<uint8_t>(word.front())] |= uint64_t{1} << i;
  }
  return index;
}

constexpr LevelWordIndex kLevelWordIndex = make_level_word_index();

}  // namespace

std::string_view to_string(Level level) noexcept {
  return kLevelNames[static_cast<size_t>(level)];
}

bool parse_level(std::string_view word, Level& level) noexcept {
  if (word.empty() || word.size() > kLevelWordSizeMax) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto front = static_cast<uint8_t>(lower(word.front()));
  if (front >= kLevelWordIndex.of_front.size()) return false;
  uint64_t bits = kLevelWordIndex.of_front[front] & kLevelWordIndex.of_size[word.size()];
  for (; bits != 0; bits &= bits - 1) {
    const LevelWord& entry = kLevelWords[static_cast<size_t>(std::countr_zero(bits))];
    const bool same = std::equal(word.begin(), word.end(), entry.word.begin(),
                                 [lower](char c, char wanted) { return lower(c) == wanted; });
    if (!same) continue;
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
