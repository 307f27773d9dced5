#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gasoline {

/// What the clocks of a place are ahead of UTC. Immutable, cheap to copy, thread-safe.
///
/// Zones with a name are read from the machine's zone files (/usr/share/zoneinfo, RFC 8536) without
/// the C library's global state, so that each source can have its own.
class TimeZone {
 public:
  /// "UTC", "Z", "+02:00", "-0330", "+2", or a name such as "Europe/Berlin". The error's detail
  /// says what is accepted. Reads a file; names cannot lead out of the directory of zones.
  static Result<TimeZone> named(std::string_view name);
  /// The zone in the bytes of a zone file; for named() and tests.
  static Result<TimeZone> parse(std::string_view file);
  explicit TimeZone(int32_t offset_s = 0) : offset_s_(offset_s) {}

  /// Seconds to add to UTC at `utc_s` seconds after the epoch.
  int32_t offset_s_at(int64_t utc_s) const;

  struct Rules;

 private:
  int32_t offset_s_ = 0;
  std::shared_ptr<const Rules> rules_;  // null: offset_s_ holds always
};

}  // namespace gasoline
