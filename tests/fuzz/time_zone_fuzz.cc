// Zone files and rules of TZ variables: refused or read, and what was read has an offset at every
// time that an event can have.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/posix_zone.h"
#include "base/time_zone.h"

namespace {

using namespace gasoline;

constexpr int64_t kTimes[] = {INT64_MIN / 1'000'000, -62'167'219'200, -1, 0, 951'782'400,
                              1'795'228'628,         253'402'300'799, INT64_MAX / 1'000'000};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto zone = TimeZone::parse(text)) {
    for (const int64_t utc_s : kTimes) static_cast<void>(zone->offset_s_at(utc_s));
  }
  if (const auto rule = PosixZone::parse(text)) {
    constexpr int32_t kTwoDaysS = 2 * 86'400;
    for (const int64_t utc_s : kTimes) {
      const int32_t offset_s = rule->offset_s_at(utc_s);
      GASOLINE_ASSERT(offset_s > -kTwoDaysS && offset_s < kTwoDaysS);
    }
  }
  return 0;
}
