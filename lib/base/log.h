#pragma once

#include <string_view>

#include "base/clock.h"

namespace gasoline {

/// How much a line of our own log matters to the person who runs the program.
enum class Severity { kDebug, kInfo, kWarn, kError };

/// Where a program of ours writes about itself: one line per call, in one write(2), so that lines of
/// several threads never mix. Thread-safe. Libraries get a Log&; they never print by themselves.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(Severity severity, std::string_view text) = 0;

  void debug(std::string_view text) { write(Severity::kDebug, text); }
  void info(std::string_view text) { write(Severity::kInfo, text); }
  void warn(std::string_view text) { write(Severity::kWarn, text); }
  void error(std::string_view text) { write(Severity::kError, text); }
};

/// Lines such as "2026-11-21T04:48:00.123Z INFO text" on a descriptor that it does not own.
/// A write that fails is dropped: a log must never stop the program that it speaks of.
class DescriptorLog final : public Log {
 public:
  DescriptorLog(int fd, Severity least, const Clock& clock)
      : fd_(fd), least_(least), clock_(clock) {}
  void write(Severity severity, std::string_view text) override;

 private:
  const int fd_;
  const Severity least_;
  const Clock& clock_;
};

/// Says nothing.
class SilentLog final : public Log {
 public:
  void write(Severity, std::string_view) override {}
};

}  // namespace gasoline
