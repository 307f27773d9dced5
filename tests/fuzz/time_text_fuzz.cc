// Times, sizes and durations as texts: what is read lies within its text, and a time that is written
// is read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/quantity.h"
#include "event/time_text.h"
#include "source/container/record_reader.h"
#include "understand/local_zone.h"
#include "understand/printed_time.h"

namespace {

using namespace gasoline;

constexpr int64_t kNowUs = 1'795'228'628'000'000;

void check_iso8601(std::string_view text) {
  int64_t us = 0;
  if (!event::parse_iso8601(text, us)) return;
  const std::string written = event::format_rfc3339(us);
  int64_t again = 0;
  // An offset may lead out of the years that have four digits.
  const bool has_year = written.find('-') == 4;
  GASOLINE_ASSERT(event::parse_iso8601(written, again) == has_year);
  GASOLINE_ASSERT(!has_year || again == us);
}

void check_printed(std::string_view text, const understand::TimeContext& context) {
  understand::PrintedTime time;
  if (!understand::read_printed_time(text, context, time)) return;
  GASOLINE_ASSERT(time.size > 0 && time.size <= text.size());
  GASOLINE_ASSERT(time.unit_us > 0 && time.unit_us <= 60'000'000);
}

void check_numbers(std::string_view text) {
  understand::PrintedTime time;
  if (understand::read_numeric_time(text, time)) GASOLINE_ASSERT(time.us > 0);
  if (const auto bytes = parse_size_bytes(text)) {
    GASOLINE_ASSERT(!format_size_bytes(*bytes).empty());
  }
  if (const auto us = parse_duration_us(text)) {
    GASOLINE_ASSERT(*us >= 0 && !format_duration_us(*us).empty());
  }
  static_cast<void>(source::container::parse_time_ns(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_iso8601(text);
  check_numbers(text);
  check_printed(text, {kNowUs, nullptr});
  check_printed(text, {0, nullptr});
  return 0;
}
