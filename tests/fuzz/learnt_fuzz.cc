// What was learnt of sources before a restart, damaged in any way: refused, or taken and given back
// as something that is taken again; and lines are read on either way.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "event/event.h"
#include "understand/understanding.h"

namespace {

using namespace gasoline;

class FixedClock final : public Clock {
 public:
  int64_t wall_us() const override { return 1'795'228'628'000'000; }
  int64_t monotonic_us() const override { return 0; }
};

const FixedClock& clock_of_all() {
  static const FixedClock clock;
  return clock;
}

/// The rules are compiled once for all inputs.
const understand::Rules& rules() {
  static SilentLog log;
  static const auto made = understand::Rules::create({}, log);
  GASOLINE_ASSERT(made.has_value());
  return **made;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static_cast<void>(rules());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  // To make one costs more than to refuse a text.
  static understand::Understanding refusing(rules(), clock_of_all());
  if (!refusing.recall(text)) return 0;
  understand::Understanding first(rules(), clock_of_all());
  GASOLINE_ASSERT(first.recall(text));
  const std::string learnt = first.learnt();
  understand::Understanding second(rules(), clock_of_all());
  GASOLINE_ASSERT(second.recall(learnt));
  GASOLINE_ASSERT(second.learnt().size() == learnt.size());
  Arena arena;
  event::Event event;
  event.event_id = "id";
  event.source = event::SourceKind::kStdout;
  event.timestamp_us = clock_of_all().wall_us();
  event.message = "INFO 0af7651916cd43dd8448eb211c80319c started";
  second.understand(event, arena);
  return 0;
}
