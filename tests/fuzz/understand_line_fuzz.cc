#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/assert.h"
#include "event/correlation_id.h"
#include "event/json_text.h"
#include "understand/json_walk.h"
#include "understand/understanding.h"

namespace {

using namespace gasoline;

class FixedClock final : public Clock {
 public:
  int64_t wall_us() const override { return 1'795'228'628'000'000; }
  int64_t monotonic_us() const override { return 0; }
};

class Nothing final : public understand::JsonWalk::Visitor {
 public:
  void scalar(const understand::JsonPlace&, understand::JsonType, std::string_view) override {}
  void member(std::string_view, understand::JsonType, std::string_view, bool) override {}
};

/// The rules are compiled once for all inputs.
const understand::Rules& rules() {
  static SilentLog log;
  static const auto made = understand::Rules::create({}, log);
  GASOLINE_ASSERT(made.has_value());
  return **made;
}

bool is_good_id(std::string_view id) {
  return id.empty() || event::is_correlation_id(id);
}

void check(event::Event& event, understand::Understanding& understanding, Arena& arena) {
  understanding.understand(event, arena);
  understanding.join(event, arena);
  GASOLINE_ASSERT(is_good_id(event.correlation_id));
  GASOLINE_ASSERT(event.timestamp_us > 0);
  Nothing nothing;
  const std::string metadata = "{" + std::string(event.metadata) + "}";
  GASOLINE_ASSERT(understand::JsonWalk::walk(metadata, nothing) == metadata.size());
  GASOLINE_ASSERT(event::is_valid_utf8(event.message));
}

}  // namespace

/// Compiling takes seconds, which are not the first input's.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static_cast<void>(rules());
  return 0;
}

/// Any valid UTF-8 becomes events whose parts are well formed: all of it as one, and then its lines
/// one after the other. The first byte chooses the source and whether the lines are pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  static const FixedClock clock;
  static understand::Understanding understanding(rules(), clock);
  static Arena arena;
  arena.reset();
  std::string line;
  event::append_valid_utf8(line, {reinterpret_cast<const char*>(bytes) + 1, size - 1});
  event::Event event;
  event.source = bytes[0] % 2 == 0 ? event::SourceKind::kFile : event::SourceKind::kStdout;
  event.event_id = "id";
  event.message = line;
  event.timestamp_us = clock.wall_us();
  event::Event whole = event;
  check(whole, understanding, arena);
  if (bytes[0] % 4 >= 2) event.metadata = "\"continued\":true";
  for (std::string_view rest = line; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    event::Event one = event;
    one.message = rest.substr(0, end);
    check(one, understanding, arena);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
