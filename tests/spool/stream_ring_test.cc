#include "spool/stream_ring.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstring>
#include <deque>
#include <string>
#include <thread>

#include "base/random.h"
#include "base/wake_up.h"
#include "support/ring.h"
#include "support/seed.h"

namespace gasoline::spool {
namespace {

constexpr uint64_t kSpan = StreamRing::kSpanSizeBytesMin;

StreamRing make_ring(uint64_t size_bytes = 2 * kSpan, uint64_t span_size_bytes = kSpan) {
  Result<StreamRing> ring = StreamRing::create(size_bytes, span_size_bytes);
  if (!ring) FAIL(ring.error().to_string());
  return std::move(ring).value();
}

void put(StreamRing& ring, std::string_view text, int64_t time_us) {
  while (!text.empty()) {
    const StreamRing::Space space = ring.free_space(text.size());
    REQUIRE(space.size > 0);
    std::memcpy(space.bytes, text.data(), space.size);
    ring.publish(space.size, time_us);
    text.remove_prefix(space.size);
  }
}

TEST_CASE("a ring is at least two spans and never smaller than asked for") {
  CHECK(make_ring(1, 1).size_bytes() == 2 * kSpan);
  CHECK(make_ring(5 * kSpan, 1).size_bytes() == 5 * kSpan);
  CHECK(make_ring(5 * kSpan + 1, 1).size_bytes() > 5 * kSpan);
  CHECK(make_ring(1, 3 * kSpan).size_bytes() == 6 * kSpan);
  // One span is contiguous, and more is not promised.
  CHECK(make_ring(1, 1).free_space(UINT64_MAX).size == kSpan);
  CHECK(make_ring(1, 3 * kSpan).free_space(UINT64_MAX).size == 3 * kSpan);
}

TEST_CASE("an empty ring has all its space free and nothing to read") {
  StreamRing ring = make_ring();
  CHECK(ring.head() == 0);
  CHECK(ring.tail() == 0);
  CHECK(ring.readable(UINT64_MAX).empty());
  CHECK(ring.free_space(10).size == 10);
  CHECK(ring.free_space(0).size == 0);
}

TEST_CASE("a full ring has no space until something is consumed") {
  StreamRing ring = make_ring();
  put(ring, std::string(2 * kSpan, 'a'), 1);
  CHECK(ring.free_space(1).size == 0);
  CHECK(ring.head() == 2 * kSpan);
  test::consume(ring, 3);
  const StreamRing::Space space = ring.free_space(100);
  REQUIRE(space.size == 3);
  std::memcpy(space.bytes, "xyz", 3);
  ring.publish(3, 2);
  CHECK(ring.free_space(1).size == 0);
  CHECK(ring.readable(1) == "a");
  test::consume(ring, 2 * kSpan - 3);
  CHECK(ring.readable(100) == "xyz");
}

TEST_CASE("a span across the end of the ring is contiguous for both sides") {
  StreamRing ring = make_ring();
  std::string text(kSpan, ' ');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 26);
  for (const uint64_t before_end : {uint64_t{1}, uint64_t{4096}, kSpan / 2, kSpan - 1, kSpan}) {
    // Move on to so many bytes before the end.
    const uint64_t target = ring.size_bytes() - before_end;
    while (ring.head() % ring.size_bytes() != target) {
      const uint64_t distance =
          (target + ring.size_bytes() - ring.head() % ring.size_bytes()) % ring.size_bytes();
      const uint64_t step = ring.free_space(distance).size;
      ring.publish(step, 1);
      test::consume(ring, step);
    }
    const StreamRing::Space space = ring.free_space(kSpan);
    REQUIRE(space.size == kSpan);
    std::memcpy(space.bytes, text.data(), kSpan);
    ring.publish(kSpan, 1);
    REQUIRE(ring.readable(kSpan) == text);
    test::consume(ring, kSpan);
  }
}

TEST_CASE("a ring does what a plain string does, whatever is asked of it") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  SeededRandom random(seed);
  StreamRing ring = make_ring();
  std::string waiting;
  uint64_t written = 0;
  uint64_t consumed = 0;
  for (int step = 0; step < 4000; ++step) {
    const uint64_t wanted = random.next_u64() % (kSpan + kSpan / 4);
    if (random.next_u64() % 2 == 0) {
      const StreamRing::Space space = ring.free_space(wanted);
      const uint64_t room = ring.size_bytes() - waiting.size();
      REQUIRE(space.size == std::min({wanted, room, kSpan}));
      const uint64_t size = space.size == 0 ? 0 : random.next_u64() % (space.size + 1);
      for (uint64_t i = 0; i < size; i += 64) space.bytes[i] = static_cast<char>(written + i);
      waiting.append(space.bytes, size);
      ring.publish(size, step);
      written += size;
    } else {
      const std::string_view seen = ring.readable(wanted);
      REQUIRE(seen.size() == std::min<uint64_t>({wanted, waiting.size(), kSpan}));
      REQUIRE(waiting.compare(0, seen.size(), seen) == 0);
      const uint64_t size = seen.empty() ? 0 : random.next_u64() % (seen.size() + 1);
      test::consume(ring, size);
      waiting.erase(0, size);
      consumed += size;
    }
    REQUIRE(ring.head() == written);
    REQUIRE(ring.tail() == consumed);
  }
  CHECK(written > 10 * ring.size_bytes());
}

TEST_CASE("each byte has the time of the read that brought it") {
  StreamRing ring = make_ring();
  put(ring, "aaa", 100);
  put(ring, "b", 200);
  put(ring, "cc", 300);
  CHECK(ring.time_of(1) == 100);
  CHECK(ring.time_of(3) == 100);
  CHECK(ring.time_of(4) == 200);
  CHECK(ring.time_of(4) == 200);
  CHECK(ring.time_of(5) == 300);
  CHECK(ring.time_of(6) == 300);
}

TEST_CASE("times never run backwards within a stream") {
  StreamRing ring = make_ring();
  put(ring, "a", 500);
  put(ring, "b", 400);
  put(ring, "c", 450);
  put(ring, "d", 600);
  CHECK(ring.time_of(1) == 500);
  CHECK(ring.time_of(2) == 500);
  CHECK(ring.time_of(3) == 500);
  CHECK(ring.time_of(4) == 600);
}

TEST_CASE("what has no time yet has the last one") {
  StreamRing ring = make_ring();
  CHECK(ring.time_of(1) == 0);
  put(ring, "a", 100);
  CHECK(ring.time_of(1) == 100);
  CHECK(ring.time_of(9) == 100);
}

TEST_CASE("when there is no room for a mark, bytes get the time of the next one") {
  StreamRing ring = make_ring();
  for (uint64_t i = 1; i <= StreamRing::kMarksMax; ++i) put(ring, "a", static_cast<int64_t>(i));
  put(ring, "b", 900'000);  // has no mark
  CHECK(ring.time_of(1) == 1);
  CHECK(ring.time_of(11) == 11);  // makes room for ten
  put(ring, "c", 900'001);
  CHECK(ring.time_of(StreamRing::kMarksMax) == StreamRing::kMarksMax);
  CHECK(ring.time_of(StreamRing::kMarksMax + 1) == 900'001);
  CHECK(ring.time_of(StreamRing::kMarksMax + 2) == 900'001);
}

TEST_CASE("a moved ring keeps its bytes and its times") {
  StreamRing first = make_ring();
  put(first, "abc", 7);
  CHECK(first.time_of(1) == 7);
  StreamRing second = std::move(first);
  CHECK(second.readable(10) == "abc");
  test::consume(second, 1);
  CHECK(second.readable(10) == "bc");
  CHECK(second.time_of(3) == 7);
}

TEST_CASE("publishing or consuming more than there is aborts") {
  const auto aborts = [](auto action) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::signal(SIGABRT, SIG_DFL);
      ::close(STDERR_FILENO);
      action();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  };
  StreamRing ring = make_ring();
  put(ring, "abc", 1);
  CHECK(aborts([&] { test::consume(ring, 4); }));
  CHECK(aborts([&] { ring.publish(ring.size_bytes() - 2, 1); }));
  CHECK_FALSE(aborts([&] { test::consume(ring, 3); }));
}

/// The byte of the stream at a position.
char stream_byte(uint64_t position) {
  return static_cast<char>((position * 31) >> 3);
}

TEST_CASE("two threads pass a stream through a ring, every byte once, in order, with its time") {
  const uint64_t seed = test::new_seed();
  INFO(test::seed_note(seed));
  constexpr uint64_t kTotal = 24 << 20;
  StreamRing ring = make_ring();
  WakeUp to_producer;
  WakeUp to_consumer;
  std::thread producer([&] {
    SeededRandom random(seed);
    int64_t time = 0;
    for (uint64_t position = 0; position < kTotal;) {
      const uint64_t wanted = std::min(kTotal - position, 1 + random.next_u64() % 70'000);
      const StreamRing::Space space = ring.free_space(wanted);
      if (space.size == 0) {
        to_producer.wait(10'000'000);
        continue;
      }
      for (uint64_t i = 0; i < space.size; ++i) space.bytes[i] = stream_byte(position + i);
      ring.publish(space.size, ++time);
      position += space.size;
      to_consumer.notify();
    }
  });
  SeededRandom random(seed + 1);
  uint64_t wrong = 0;
  uint64_t backwards = 0;
  int64_t last_time = 0;
  for (uint64_t position = 0; position < kTotal;) {
    const std::string_view seen = ring.readable(1 + random.next_u64() % 100'000);
    if (seen.empty()) {
      to_consumer.wait(10'000'000);
      continue;
    }
    for (size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] != stream_byte(position + i)) ++wrong;
    }
    position += seen.size();
    const int64_t time = ring.time_of(position);
    if (time < last_time || time == 0) ++backwards;
    last_time = time;
    test::consume(ring, seen.size());
    to_producer.notify();
  }
  producer.join();
  CHECK(wrong == 0);
  CHECK(backwards == 0);
  CHECK(ring.head() == ring.tail());
}

}  // namespace
}  // namespace gasoline::spool
