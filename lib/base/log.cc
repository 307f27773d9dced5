#include "base/log.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>

namespace gasoline {
namespace {

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::kDebug: return "DEBUG";
    case Severity::kInfo: return "INFO";
    case Severity::kWarn: return "WARN";
    case Severity::kError: return "ERROR";
  }
  return "INFO";
}

}  // namespace

void DescriptorLog::write(Severity severity, std::string_view text) {
  if (severity < least_) return;
  const int64_t now_us = clock_.wall_us();
  const std::time_t seconds = now_us / 1'000'000;
  const std::string line = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {}\n", fmt::gmtime(seconds),
                                       now_us / 1000 % 1000, name_of(severity), text);
  [[maybe_unused]] const ssize_t written = ::write(fd_, line.data(), line.size());
}

}  // namespace gasoline
