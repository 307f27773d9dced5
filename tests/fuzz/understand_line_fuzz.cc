#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/assert.h"
#include "event/correlation_id.h"
#include "event/event_json.h"
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

const Clock& clock_of_all() {
  static const FixedClock clock;
  return clock;
}

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

/// What `understanding` makes of the event, as text.
std::string read(event::Event event, understand::Understanding& understanding, Arena& arena) {
  understanding.understand(event, arena);
  understanding.join(event, arena);
  GASOLINE_ASSERT(is_good_id(event.correlation_id));
  GASOLINE_ASSERT(event.timestamp_us > 0);
  Nothing nothing;
  const std::string metadata = "{" + std::string(event.metadata) + "}";
  GASOLINE_ASSERT(understand::JsonWalk::walk(metadata, nothing) == metadata.size());
  GASOLINE_ASSERT(event::is_valid_utf8(event.message));
  std::string text;
  event::append_json(text, event);
  return text;
}

}  // namespace

/// Compiling takes seconds, which are not the first input's.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  static_cast<void>(rules());
  return 0;
}

/// Any valid UTF-8 becomes events whose parts are well formed: all of it as one, and then its lines
/// one after the other, which are read alike whether or not they were expected. The first byte
/// chooses the source and whether the lines are pieces.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  if (size == 0) return 0;
  static Arena arena;
  arena.reset();
  std::string line;
  event::append_valid_utf8(line, {reinterpret_cast<const char*>(bytes) + 1, size - 1});
  event::Event event;
  event.source = bytes[0] % 2 == 0 ? event::SourceKind::kFile : event::SourceKind::kStdout;
  event.event_id = "id";
  event.timestamp_us = clock_of_all().wall_us();
  event::Event whole = event;
  whole.message = line;
  if (bytes[0] % 4 >= 2) event.metadata = "\"continued\":true";
  // To make these costs more than all of an input, and next to nothing stays of the one before.
  static understand::Understanding plain(rules(), clock_of_all());
  static understand::Understanding expecting(rules(), clock_of_all());
  plain.forget_open_events();
  expecting.forget_open_events();
  GASOLINE_ASSERT(read(whole, plain, arena) == read(whole, expecting, arena));
  const auto expectation = expecting.expect(line);
  for (std::string_view rest = line; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    event.message = rest.substr(0, end);
    GASOLINE_ASSERT(read(event, plain, arena) == read(event, expecting, arena));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return 0;
}
