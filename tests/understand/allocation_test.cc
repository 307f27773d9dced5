#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "understand/fixture.h"
#include "understand/nasty_lines.h"

namespace {

[[maybe_unused]] thread_local size_t allocations = 0;
[[maybe_unused]] thread_local size_t live_bytes = 0;
[[maybe_unused]] thread_local size_t peak_bytes = 0;

void count_delete([[maybe_unused]] void* bytes) noexcept {
  live_bytes -= std::min(live_bytes, bytes == nullptr ? 0 : ::malloc_usable_size(bytes));
}

}  // namespace

// Sanitizers bring their own operators and check that they are paired: under them nothing is
// counted.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void* operator new(size_t size) {
  ++allocations;
  void* bytes = std::malloc(size == 0 ? 1 : size);
  if (bytes == nullptr) std::abort();
  live_bytes += ::malloc_usable_size(bytes);
  peak_bytes = std::max(peak_bytes, live_bytes);
  return bytes;
}
void* operator new[](size_t size) {
  return operator new(size);
}
void operator delete(void* bytes) noexcept {
  count_delete(bytes);
  std::free(bytes);
}
void operator delete[](void* bytes) noexcept {
  count_delete(bytes);
  std::free(bytes);
}
void operator delete(void* bytes, size_t) noexcept {
  count_delete(bytes);
  std::free(bytes);
}
void operator delete[](void* bytes, size_t) noexcept {
  count_delete(bytes);
  std::free(bytes);
}
#endif

namespace gasoline::understand {
namespace {

TEST_CASE("once warm, understanding a line allocates nothing") {
  const std::string secret = "password=" + std::string("a1b2c3") + "d4e5";
  const std::vector<std::string> lines = {
      R"({"level":30,"time":1795228626115,"pid":7,"request_id":"req-77","msg":"a \"b\""})",
      R"({"log":"{\"level\":50,\"msg\":\"boom\"}\n","stream":"stderr","time":"2026-11-21T02:37:06.115Z"})",
      R"(ts=2026-11-21T02:37:06.115Z lvl=warn msg="it \"broke\"" took=5ms trace_id=4bf92f35)",
      "2026-11-21 02:37:06,115 [main] INFO  com.example.Main - started request_id=r12345",
      "\x1b[32minfo\x1b[39m: order loaded {\"items\":1,\"request_id\":\"r12345\"}",
      "using " + secret + " and " + secret,
      "plain text"};
  FixedClock clock;
  Understanding understanding(shared_rules(), clock);
  Arena arena;
  const auto read_all = [&] {
    for (const std::string& line : lines) {
      event::Event event;
      event.message = line;
      event.timestamp_us = kReadTimeUs;
      understanding.understand(event, arena);
    }
    arena.reset();
  };
  read_all();
  const size_t before = allocations;
  for (int round = 0; round < 100; ++round) read_all();
  CHECK(allocations == before);
}

TEST_CASE("no line of 1 MiB takes more than four times its size, whatever it is") {
  FixedClock clock;
  for (const Nasty& nasty : kNasties) {
    const std::string line = nasty.of_size(1024 * 1024);
    Understanding understanding(shared_rules(), clock);
    Arena arena;
    event::Event event;
    event.source = event::SourceKind::kFile;
    event.event_id = "id";
    event.message = line;
    event.timestamp_us = kReadTimeUs;
    const size_t before = live_bytes;
    peak_bytes = before;
    understanding.understand(event, arena);
    understanding.join(event, arena);
    INFO(nasty.head << " + " << nasty.piece);
    CHECK(peak_bytes - before <= 4 * line.size() + 2 * Arena::kBlockSizeBytes);
    CHECK(arena.held_bytes() <= 4 * line.size() + Arena::kBlockSizeBytes);
  }
}

TEST_CASE("a line costs memory in proportion to its length") {
  FixedClock clock;
  Understanding understanding(shared_rules(), clock);
  for (const std::string_view piece :
       {"a=b ", "\\u0041", "{\"a\":", "\x1b[31mx", "token=a1b2c3d4e5f6g7 "}) {
    std::string line = "{\"msg\":\"";
    while (line.size() < 1024 * 1024) line.append(piece);
    line += "\"}";
    Arena arena;
    event::Event event;
    event.message = line;
    event.timestamp_us = kReadTimeUs;
    understanding.understand(event, arena);
    INFO(piece);
    CHECK(arena.held_bytes() <= 4 * line.size() + Arena::kBlockSizeBytes);
  }
}

}  // namespace
}  // namespace gasoline::understand
