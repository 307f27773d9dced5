#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/clock.h"
#include "understand/understanding.h"

namespace gasoline::understand {

/// 2026-11-21T02:37:08Z: two seconds after the times that the tests' lines print.
inline constexpr int64_t kReadTimeUs = 1'795'228'628'000'000;
/// 2026-11-21T02:37:06.115Z, what most of the tests' lines print.
inline constexpr int64_t kPrintedUs = 1'795'228'626'115'000;

class FixedClock final : public Clock {
 public:
  int64_t wall_us() const override { return kReadTimeUs; }
  int64_t monotonic_us() const override { return 0; }
};

/// The process-wide rules: compiling the secrets costs half a second.
const Rules& shared_rules();

/// Understands single lines of a log file that was read at kReadTimeUs, unless the event says else.
class Reader {
 public:
  Reader() : understanding_(shared_rules(), clock_) {}

  /// The event of `line`; its views are valid until the next call.
  event::Event read(std::string_view line);
  event::Event read(event::Event event);
  std::string mask(std::string_view text);
  const Counters& counters() const { return understanding_.counters(); }

 private:
  FixedClock clock_;
  Understanding understanding_;
  Arena arena_;
  std::string line_;
};

/// `text` with its masks as "[redacted:kind]", without the part that tells secrets apart.
std::string untagged(std::string_view text);

/// True if `members` are the inside of a well-formed JSON object.
bool are_json_members(std::string_view members);

}  // namespace gasoline::understand
