#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "event/event.h"
#include "understand/source_table.h"
#include "understand/trace_line.h"

namespace gasoline::understand {

/// Tells which lines belong to the event before them: stack traces of Node, Python, Java, Kotlin,
/// Go, Rust, .NET, Ruby and PHP, indented lines behind a line with a time or a level, and blocks
/// in brackets that a line opens.
///
/// Nothing waits: each line is placed as it comes, by what its source printed before. A line that
/// fits nothing begins an event of its own. One thread.
///
///   plain --Traceback--> python --unindented--> done         each source and process has its own
///     |----panic:------> go                                  phase; a line with a time or a level
///     |----thread ...--> rust                                goes back to the start
///     |----/x.js:10----> script --caret, error--> trace
///     +----frame-------> trace        line ending in { --> block --}--> plain
class LineJoiner {
 public:
  /// A longer event is cut: the next line begins a new one, which goes on in the same way.
  static constexpr uint32_t kLinesMax = 500;
  static constexpr uint32_t kBytesMax = 64 << 10;
  /// A line that comes later than this after the one before it continues nothing.
  static constexpr int64_t kPauseMaxUs = 5'000'000;
  static constexpr size_t kSourcesMax = 4096;  ///< of the least recent ones more are forgotten

  struct Line {
    uint64_t source = 0;         ///< tells sources, and processes that share one, from each other
    std::string_view text;       ///< clean: no escapes, secrets masked; with its indentation
    bool has_header = false;     ///< it shows a time or a level
    bool is_structured = false;  ///< JSON or logfmt: whole by itself, closes nothing
    event::Level level = event::Level::kInfo;
    event::SourceKind kind = event::SourceKind::kStdout;
    std::string_view correlation_id;
    int64_t read_us = 0;
  };

  /// The event that a line continues.
  struct Head {
    std::string_view event_id;  ///< empty: it begins an event
    event::Level level = event::Level::kInfo;
    event::SourceKind kind = event::SourceKind::kStdout;
    std::string_view correlation_id;
  };

  /// Places `line`, whose own id is `event_id`. The answer is good until the next call.
  Head place(const Line& line, std::string_view event_id);

  /// Takes note of a line that was placed before a restart; `continues` is what place() gave.
  /// A read_us of 0 is unknown.
  void resume(const Line& line, std::string_view event_id, std::string_view continues);

  /// Forgets all events: what comes next begins new ones.
  void forget() { sources_.clear(); }

  uint64_t joined() const { return joined_; }
  uint64_t cut() const { return cut_; }

 private:
  /// What may follow the event that a source printed last.
  enum class Phase : uint8_t {
    kPlain,
    kBlock,
    kTrace,   ///< frames have come, or what must be followed by them
    kPython,  ///< frames, then one line that is not indented
    kDone,    ///< the end of such a trace; another one may be linked to it
    kGo,
    kRustMessage,  ///< the message comes on the next line
    kRust,
    kScript,  ///< source code comes next
    kScriptError
  };
  struct Open {
    std::string event_id;
    std::string correlation_id;
    int64_t last_us = 0;
    uint32_t lines = 0;
    uint32_t bytes = 0;
    Phase phase = Phase::kPlain;
    event::Level level = event::Level::kInfo;
    event::SourceKind kind = event::SourceKind::kStdout;
    bool has_header = false;
    bool after_blank = false;
    bool after_link = false;
  };

  static bool continues(const Open& open, const Line& line, LineRole role);
  static bool continues_blank(const Open& open);
  static bool continues_after_blank(const Open& open, LineRole role);
  static bool continues_unindented(const Open& open, LineRole role);
  static bool is_logged_error(const Open& open);
  static Phase phase_behind(const Open& open, const Line& line, LineRole role);
  static Phase first_phase(const Line& line, LineRole role);
  static void begin(Open& open, const Line& line, LineRole role, std::string_view event_id);
  static void extend(Open& open, const Line& line, LineRole role);

  SourceTable<Open> sources_{kSourcesMax};
  uint64_t joined_ = 0;
  uint64_t cut_ = 0;
};

}  // namespace gasoline::understand
