// Damaged event bytes are refused or read; what is read is written back and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/assert.h"
#include "event/event_codec.h"

using namespace gasoline;
using namespace gasoline::event;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view whole(reinterpret_cast<const char*>(bytes), size);
  std::string_view from = whole;
  Arena arena;
  Event event;
  while (take_encoded(from, event, arena)) {
    GASOLINE_ASSERT(event.tags.size() <= kTagsMax);
    std::string first;
    append_encoded(first, event);
    std::string_view again = first;
    Event read;
    GASOLINE_ASSERT(take_encoded(again, read, arena));
    GASOLINE_ASSERT(again.empty());
    std::string second;
    append_encoded(second, read);
    GASOLINE_ASSERT(first == second);
  }
  GASOLINE_ASSERT(from.data() + from.size() == whole.data() + whole.size());
  return 0;
}
