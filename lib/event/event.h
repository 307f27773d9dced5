#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gasoline::event {

/// Severity of an event, in rising order, so that "at least warn" is a comparison.
enum class Level : uint8_t { kDebug, kInfo, kWarn, kError, kCritical };

/// "debug" ... "critical".
std::string_view to_string(Level level) noexcept;
/// Reads any common word for a level, in any case: trace, verbose -> debug; notice -> info;
/// warning -> warn; err, severe -> error; fatal, panic, alert, emergency, emerg, crit -> critical;
/// and the numbers of pino and bunyan (10..60) and one-letter forms (D I W E F C).
/// False, with `level` unchanged, for any other word.
bool parse_level(std::string_view word, Level& level) noexcept;

/// Which kind of source an event came from.
enum class SourceKind : uint8_t {
  kExtension,
  kStdout,
  kStderr,
  kFile,
  kSsh,
  kContainer,
  kOtlp,
  kLoki,
  kBus,
  kApi
};

std::string_view to_string(SourceKind kind) noexcept;
bool parse_source_kind(std::string_view word, SourceKind& kind) noexcept;

/// One log record, with the fields of the event contract (docs/API.md).
///
/// A view: it owns nothing. All bytes live in whatever produced it - a request body, a journal
/// frame, an Arena - and must outlive it. Copying is cheap, and parsing a batch allocates nothing
/// per event. An empty string stands for null. Times are microseconds since the Unix epoch.
struct Event {
  std::string_view event_id;    ///< at most kEventIdSizeMax bytes
  int64_t timestamp_us = 0;     ///< the time that orders a timeline
  int64_t receive_time_us = 0;  ///< when the daemon took it
  Level level = Level::kInfo;
  SourceKind source = SourceKind::kApi;
  bool level_stated = false;      ///< the producer or the line said the level; else it is a guess
  bool timestamp_stated = false;  ///< likewise for the time
  std::string_view service;
  std::string_view message;         ///< valid UTF-8
  std::string_view correlation_id;  ///< compared in the form of normalize_correlation_id
  std::string_view trace_id;
  std::string_view span_id;
  std::string_view request_id;
  std::string_view metadata;  ///< a JSON object without the surrounding braces, or empty
  std::span<const std::string_view> tags;
  std::string_view run_id;  ///< empty unless the event came from gasoline-run
  uint64_t seq = 0;         ///< number within the run, from 1; 0 where there is none
  uint64_t line = 0;        ///< line number within its stream, from 1; 0 where there is none
};

inline constexpr size_t kEventIdSizeMax = 128;
inline constexpr size_t kCorrelationIdSizeMax = 128;
inline constexpr size_t kServiceSizeMax = 256;
inline constexpr size_t kTagsMax = 64;

}  // namespace gasoline::event
