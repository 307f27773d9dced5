// Any bytes in the place of a run's description are refused or read, and what is read is written
// back and read again as the same; its envelope is valid UTF-8 whatever it holds.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "base/ids.h"
#include "event/json_text.h"
#include "spool/run_description.h"

using namespace gasoline;
using namespace gasoline::spool;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto run = parse_run_description({reinterpret_cast<const char*>(bytes), size});
  if (!run) return 0;
  GASOLINE_ASSERT(is_ulid(run->run_id));
  const std::string text = to_text(*run);
  const auto again = parse_run_description(text);
  GASOLINE_ASSERT(again.has_value());
  GASOLINE_ASSERT(to_text(*again) == text);
  GASOLINE_ASSERT(again->service == run->service && again->tags == run->tags);
  GASOLINE_ASSERT(event::is_valid_utf8(envelope_members(*run, 1)));
  return 0;
}
